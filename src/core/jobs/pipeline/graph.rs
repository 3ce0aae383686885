//! The order actions depend on each other in.

/// The first cycle found in `edges` (for each action the actions it needs), as a walk without its
/// return to the start; `None` when there is none. Takes time in proportion to actions plus edges, and
/// no stack, as the file decides how long the chains are.
pub(super) fn cycle(edges: &[Vec<usize>]) -> Option<Vec<usize>> {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        No,
        OnPath,
        Done,
    }
    let mut seen = vec![Seen::No; edges.len()];
    for start in 0..edges.len() {
        if seen[start] != Seen::No {
            continue;
        }
        seen[start] = Seen::OnPath;
        // Each entry: an action on the path and how many of its needs have been followed.
        let mut path = vec![(start, 0)];
        while let Some((node, followed)) = path.last_mut() {
            let Some(&next) = edges[*node].get(*followed) else {
                seen[*node] = Seen::Done;
                path.pop();
                continue;
            };
            *followed += 1;
            match seen[next] {
                Seen::No => {
                    seen[next] = Seen::OnPath;
                    path.push((next, 0));
                }
                Seen::OnPath => {
                    return Some(
                        path.iter()
                            .map(|(node, _)| *node)
                            .skip_while(|node| *node != next)
                            .collect(),
                    );
                }
                Seen::Done => {}
            }
        }
    }
    None
}

/// Marks `selected` and everything they need, directly or not.
pub(super) fn reachable(edges: &[Vec<usize>], selected: impl IntoIterator<Item = usize>) -> Vec<bool> {
    let mut marked = vec![false; edges.len()];
    let mut waiting: Vec<usize> = selected.into_iter().collect();
    while let Some(node) = waiting.pop() {
        if !marked[node] {
            marked[node] = true;
            waiting.extend(edges[node].iter().filter(|next| !marked[**next]));
        }
    }
    marked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cycles() {
        assert_eq!(cycle(&[]), None);
        assert_eq!(cycle(&[vec![1, 2], vec![2], vec![]]), None);
        assert_eq!(cycle(&[vec![0]]), Some(vec![0]));
        assert_eq!(cycle(&[vec![1], vec![2], vec![1]]), Some(vec![1, 2]));
        assert_eq!(cycle(&[vec![], vec![0, 2], vec![3], vec![1]]), Some(vec![1, 2, 3]));
    }

    #[test]
    fn a_long_chain_needs_no_stack() {
        let mut edges: Vec<Vec<usize>> = (1..200_000).map(|next| vec![next]).collect();
        edges.push(vec![]);
        assert_eq!(cycle(&edges), None);
        assert!(reachable(&edges, [0]).into_iter().all(|marked| marked));
    }

    #[test]
    fn reachable_follows_needs_once() {
        let edges = [vec![1, 2], vec![3], vec![3], vec![], vec![0]];
        assert_eq!(reachable(&edges, [1]), [false, true, false, true, false]);
        assert_eq!(reachable(&edges, [0]), [true, true, true, true, false]);
        assert_eq!(reachable(&edges, []), [false; 5]);
    }
}

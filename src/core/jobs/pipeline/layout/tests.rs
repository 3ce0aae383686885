use super::*;
use proptest::prelude::*;

fn columns_of(layout: &Layout) -> Vec<Vec<usize>> {
    let mut columns = vec![Vec::new(); layout.columns];
    for node in &layout.nodes {
        columns[node.column].push(node.action);
    }
    columns
}

#[test]
fn what_is_needed_stands_to_the_left() {
    // 0 → 1 → 3, 0 → 2 → 3, and 3 also names 0, which follows.
    let layout = Layout::draw(&[vec![], vec![0], vec![0], vec![1, 2, 0]]).unwrap();
    assert_eq!(columns_of(&layout), [vec![0], vec![1, 2], vec![3]]);
    let drawn: Vec<(usize, usize)> = layout.lines.iter().map(|line| (line.from, line.to)).collect();
    assert_eq!(drawn, [(0, 1), (0, 2), (1, 3), (2, 3)]);
    let rows: Vec<f64> = layout.nodes.iter().map(|node| node.row).collect();
    assert_eq!(rows, [0.5, 0.0, 1.0, 0.5]);
    assert_eq!(layout.height, 1.0);
}

#[test]
fn a_long_line_bends_round_what_it_passes() {
    // 0 → 1 → 2, and 3 → 2 as well as 0 → 4, whose column is 1.
    let layout = Layout::draw(&[vec![], vec![0], vec![1, 3], vec![], vec![0]]).unwrap();
    let line = layout.lines.iter().find(|line| line.from == 3).unwrap();
    assert_eq!(line.rows.len(), 1);
    let passed: Vec<f64> = layout
        .nodes
        .iter()
        .filter(|node| node.column == 1)
        .map(|node| node.row)
        .collect();
    assert!(
        passed.iter().all(|row| (row - line.rows[0]).abs() >= 0.99),
        "{passed:?} {line:?}"
    );
}

#[test]
fn nothing_is_drawn_of_nothing() {
    assert_eq!(Layout::draw(&[]), None);
    assert_eq!(Layout::draw(&[vec![], vec![]]), None);
    assert_eq!(Layout::draw(&[vec![1], vec![0]]), None);
}

#[test]
fn rows_keep_their_order_and_distance() {
    assert_eq!(apart(&[0.0, 5.0]), [0.0, 5.0]);
    assert_eq!(apart(&[1.0, 1.0]), [0.5, 1.5]);
    assert_eq!(apart(&[3.0, 1.0, 9.0]), [1.5, 2.5, 9.0]);
    assert_eq!(apart(&[]), [] as [f64; 0]);
}

#[test]
fn the_largest_are_drawn_in_bounded_size() {
    // Each needs all before it: one line each is left.
    let all: Vec<Vec<usize>> = (0..MAX_DRAWN).map(|action| (0..action).collect()).collect();
    let layout = Layout::draw(&all).unwrap();
    assert_eq!(layout.lines.len(), MAX_DRAWN - 1);
    assert_eq!(layout.columns, MAX_DRAWN);
    // A chain, and at each step one that only the last needs: the bends are given up.
    let half = MAX_DRAWN / 2;
    let mut needs: Vec<Vec<usize>> = (0..half)
        .map(|step| if step == 0 { vec![] } else { vec![step - 1] })
        .collect();
    needs.extend((0..half - 1).map(|_| vec![]));
    needs.push((half - 1..MAX_DRAWN - 1).collect());
    let layout = Layout::draw(&needs).unwrap();
    assert!(layout.lines.iter().all(|line| line.rows.is_empty()));
    assert_eq!(layout.nodes.len(), MAX_DRAWN);
}

proptest! {
    #[test]
    fn every_action_has_a_place_of_its_own(
        picks in prop::collection::vec(prop::collection::vec(any::<prop::sample::Index>(), 0..4), 2..40)
    ) {
        let needs: Vec<Vec<usize>> = picks.iter().enumerate().map(|(action, picks)| {
            let mut needs: Vec<usize> =
                if action == 0 { vec![] } else { picks.iter().map(|pick| pick.index(action)).collect() };
            needs.sort_unstable();
            needs.dedup();
            needs
        }).collect();
        if let Some(layout) = Layout::draw(&needs) {
            prop_assert_eq!(layout.nodes.len(), needs.len());
            for (index, a) in layout.nodes.iter().enumerate() {
                prop_assert!(a.row >= 0.0 && a.row <= layout.height);
                for b in &layout.nodes[index + 1..] {
                    prop_assert!(a.column != b.column || (a.row - b.row).abs() > 0.99);
                }
            }
            let column = |action: usize| layout.nodes.iter().find(|node| node.action == action).unwrap().column;
            for (action, needed) in needs.iter().enumerate() {
                for need in needed {
                    prop_assert!(column(*need) < column(action));
                }
            }
        }
    }
}

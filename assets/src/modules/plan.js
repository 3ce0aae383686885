/*
 * What a request would run, decided as the server does (src/core/jobs/pipeline/plan.rs), so that it can be shown while
 * somebody chooses. The cases in assets/tests/plans.json hold for both.
 */
const lasts = {
  succeeded: "succeeded",
  failed: "failed",
  pending: "under_way",
  running: "under_way",
};

/**
 * `needs`: a Map of each action to those it needs, in file order; `statuses`: a Map of actions to the status of their
 * newest job; `selected`: a Set of names, `run_all` among them or not.
 */
export function plan(needs, statuses, selected, force) {
  const last = (name) => lasts[statuses.get(name)?.toLowerCase()];
  const isWhole = selected.has("run_all");
  const isChosen = (name) => name !== "run_all" && selected.has(name);
  const runs = (name) => {
    if (last(name) === "under_way") return false;
    return last(name) !== "succeeded" || force || isChosen(name);
  };
  const reached = new Set();
  const waiting = [...needs.keys()].filter((name) => isWhole || isChosen(name));
  while (waiting.length > 0) {
    const name = waiting.pop();
    if (reached.has(name)) continue;
    reached.add(name);
    if (runs(name)) waiting.push(...needs.get(name).filter((need) => needs.has(need)));
  }
  const found = { selected: [], needed: [], under_way: [], kept: [], refused: [] };
  for (const name of needs.keys()) {
    if (!reached.has(name)) continue;
    if (isWhole && !force && !isChosen(name) && last(name) === "failed") found.refused.push(name);
    else if (runs(name)) found[isWhole || isChosen(name) ? "selected" : "needed"].push(name);
    else found[last(name) === "under_way" ? "under_way" : "kept"].push(name);
  }
  if (found.refused.length > 0) {
    found.selected = [];
    found.needed = [];
  }
  return found;
}

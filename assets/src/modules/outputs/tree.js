/* The list of files: keys that go through it, and its filter. */
import { commonFolders, element, encodePath, fitting, sizeInWords, thousands } from "./names.js";

/** Files found beyond this are counted, not shown. */
const MOST = 200;

/** Whether a row is there to be gone to: what lies in a closed fold keeps its box in some browsers. */
const isShown = (item) => {
  const from = item.matches("summary") ? item.parentElement.parentElement : item;
  for (let fold = from.closest("details"); fold; fold = fold.parentElement.closest("details"))
    if (!fold.open) return false;
  return item.offsetParent !== null;
};

/** Arrows go up and down and fold, Home and End to the ends, and Enter opens, as links do. */
export function startKeys(tree) {
  tree.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const item = event.target.closest("a, summary");
    if (!item) return;
    const items = () => [...tree.querySelectorAll("a, summary")].filter(isShown);
    const fold = item.matches("summary") ? item.parentElement : undefined;
    const above = (fold?.parentElement ?? item).closest("details");
    const step = (by) => {
      const all = items();
      return all[all.indexOf(item) + by];
    };
    let next;
    switch (event.key) {
      case "ArrowDown":
        next = step(1);
        break;
      case "ArrowUp":
        next = step(-1);
        break;
      case "Home":
        next = items()[0];
        break;
      case "End":
        next = items().at(-1);
        break;
      case "ArrowRight":
        if (!fold) return;
        if (fold.open) next = step(1);
        else fold.open = true;
        break;
      case "ArrowLeft":
        if (fold?.open) fold.open = false;
        else next = above && tree.contains(above) ? above.querySelector("summary") : undefined;
        break;
      default:
        return;
    }
    event.preventDefault();
    next?.focus();
  });
}

/** Each row with the names of its folders before its own. */
function rowsOf(tree) {
  return [...tree.querySelectorAll(".tree-row:not(.tree-overview)")].map((row) => {
    const names = [row.querySelector(".tree-name").textContent];
    for (
      let fold = row.closest("details");
      fold && tree.contains(fold);
      fold = fold.parentElement.closest("details")
    )
      names.unshift(fold.querySelector("summary .tree-name").textContent);
    return { item: row.closest("li"), name: names.join("/") };
  });
}

const found = (count, all) =>
  count === all ? "" : `${thousands(count)} of ${thousands(all)} ${all === 1 ? "file" : "files"}`;

/** Filters the rows that are on the page; what was folded is again when the filter is taken away. */
function overRows(tree) {
  const rows = rowsOf(tree);
  const folds = [...tree.querySelectorAll("details")];
  let before;
  return (filter) => {
    if (filter && !before) before = folds.map((fold) => fold.open);
    const names = new Set(
      fitting(
        rows.map((row) => row.name),
        filter,
      ),
    );
    let count = 0;
    for (const { item, name } of rows) {
      item.hidden = !names.has(name);
      if (!item.hidden) count += 1;
    }
    for (const [index, fold] of folds.entries()) {
      const holds = fold.querySelector("li:not([hidden]) > .tree-row:not([hidden])") !== null;
      fold.parentElement.hidden = filter !== "" && !holds;
      fold.open = filter ? holds : (before?.[index] ?? fold.open);
    }
    if (!filter) before = undefined;
    return found(count, rows.length);
  };
}

/** Filters a list that is only in part on the page: all of it is fetched once. */
function overList(root, list) {
  const { filesUrl, basePath, authToken } = root.dataset;
  let files;
  return async (filter) => {
    const whole = root.querySelector("[data-tree] > .tree:not([data-found])");
    if (filter && !files) {
      const answer = await fetch(filesUrl, {
        headers: { Authorization: authToken, Accept: "application/json" },
      });
      if (!answer.ok) throw new Error(`the list was answered with ${answer.status}`);
      files = (await answer.json()).files.filter((file) => !file.is_deleted);
    }
    whole.hidden = filter !== "";
    list.hidden = filter === "";
    if (!filter) return "";
    const cut = commonFolders(files.map((file) => file.name)).length;
    const names = new Set(
      fitting(
        files.map((file) => file.name.slice(cut)),
        filter,
      ),
    );
    const those = files.filter((file) => names.has(file.name.slice(cut)));
    list.replaceChildren(
      ...those.slice(0, MOST).map((file) => {
        const link = element(
          "a",
          "tree-row",
          element("span", "tree-name", file.name.slice(cut)),
          " ",
          element("small", "", sizeInWords(file.size)),
        );
        link.href = basePath + encodePath(file.name);
        return element("li", "", link);
      }),
    );
    const more = those.length > MOST ? `, the first ${MOST} are shown` : "";
    return `${thousands(those.length)} of ${thousands(files.length)} files${more}`;
  };
}

/** Starts the filter of a viewer. */
export function startFilter(root) {
  const field = root.querySelector("[data-filter]");
  const tree = root.querySelector("[data-tree]");
  const told = root.querySelector("[data-filter-count]");
  if (!field || !tree) return;
  const list = root.querySelector("[data-found]");
  const apply = "isPart" in field.dataset ? overList(root, list) : overRows(tree);
  let latest = 0;
  const update = async () => {
    latest += 1;
    const turn = latest;
    try {
      const text = await apply(field.value.trim());
      if (turn === latest) told.textContent = text;
    } catch {
      told.textContent = "The list could not be fetched.";
    }
  };
  field.addEventListener("input", update);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && field.value) {
      event.preventDefault();
      field.value = "";
      update();
    }
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    [...tree.querySelectorAll("a, summary")].find(isShown)?.focus();
  });
  if (field.value) update();
}

/** The opened file's row is in sight, without the page being moved. */
export function showCurrent(tree) {
  const current = tree.querySelector("[aria-current]");
  if (!current || tree.scrollHeight <= tree.clientHeight) return;
  const { top } = current.getBoundingClientRect();
  tree.scrollTop += top - tree.getBoundingClientRect().top - tree.clientHeight / 2;
}

/* The list of files: keys that go through it, and its filter. */
import { fitting, thousands } from "./names.js";

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

/** What is typed goes along to the files, to the other order, and into the page's own address. */
function carry(root, filter) {
  const carried = (href) => {
    const url = new URL(href, location.href);
    if (filter) url.searchParams.set("filter", filter);
    else url.searchParams.delete("filter");
    return url.href;
  };
  for (const link of root.querySelectorAll("[data-tree] a.tree-row, .files-order a"))
    link.href = carried(link.href);
  const own = carried(location.href);
  if (own !== location.href) history.replaceState(history.state, "", own);
}

/** Filters a list that is only in part on the page: the server looks through all of it. */
function overList(root, tree) {
  const { basePath } = root.dataset;
  let control;
  return async (filter) => {
    control?.abort();
    control = new AbortController();
    const url = new URL(basePath, location.href);
    const order = new URLSearchParams(location.search).get("sort");
    if (order) url.searchParams.set("sort", order);
    if (filter) url.searchParams.set("filter", filter);
    const answer = await fetch(url, { headers: { Accept: "text/html" }, signal: control.signal });
    if (!answer.ok) throw new Error(`the list was answered with ${answer.status}`);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const list = page.querySelector("[data-tree] > .tree");
    const count = page.querySelector("[data-filter-count]");
    if (!list || !count) throw new Error("there is no list in what was answered");
    for (const link of list.querySelectorAll("a.tree-row")) {
      const isOpen = link.pathname === location.pathname;
      if (isOpen) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    tree.replaceChildren(document.adoptNode(list));
    return count.textContent;
  };
}

/** Starts the filter of a viewer. */
export function startFilter(root) {
  const field = root.querySelector("[data-filter]");
  const tree = root.querySelector("[data-tree]");
  const told = root.querySelector("[data-filter-count]");
  if (!field || !tree) return;
  const apply = "isPart" in field.dataset ? overList(root, tree) : overRows(tree);
  let latest = 0;
  const update = async () => {
    latest += 1;
    const turn = latest;
    const filter = field.value.trim();
    try {
      const text = await apply(filter);
      if (turn !== latest) return;
      told.textContent = text;
      carry(root, filter);
    } catch (error) {
      // A question that was overtaken by the next letter.
      if (error.name === "AbortError") return;
      told.textContent = "The list could not be fetched.";
    }
  };
  let waiting;
  field.addEventListener("input", () => {
    if (!("isPart" in field.dataset)) return update();
    clearTimeout(waiting);
    waiting = setTimeout(update, 150);
  });
  root.querySelector("[data-filter-form]")?.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(waiting);
    update();
  });
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
  // A list of which a part is here was filtered where it came from.
  if (field.value && !("isPart" in field.dataset)) update();
}

/** By what the next page knows that it was chosen in the list, by keys. */
const CHOSEN = "outputs-chosen";

/** Whoever goes through the list by keys goes on from the row that they chose. */
export function keepPlace(tree) {
  try {
    const focus = () => tree.querySelector("[aria-current]")?.focus({ preventScroll: true });
    if (sessionStorage.getItem(CHOSEN) === location.pathname) {
      // The browser goes to what the address names before that.
      if (document.readyState === "complete") focus();
      else addEventListener("load", focus, { once: true });
    }
    sessionStorage.removeItem(CHOSEN);
    tree.addEventListener("click", (event) => {
      const link = event.target.closest("a.tree-row");
      // A click by a key has no place.
      const isByKey = event.detail === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey;
      if (link && isByKey) sessionStorage.setItem(CHOSEN, link.pathname);
    });
  } catch {
    // Without a storage the page begins at its beginning.
  }
}

/** The opened file's row is in sight, without the page being moved. */
export function showCurrent(tree) {
  const current = tree.querySelector("[aria-current]");
  if (!current || tree.scrollHeight <= tree.clientHeight) return;
  const { top } = current.getBoundingClientRect();
  tree.scrollTop += top - tree.getBoundingClientRect().top - tree.clientHeight / 2;
}

/* Searching in a text that is shown: every place is marked, and one after the other is gone to. */
import { folded, foldedElements } from "./json.js";
import { element, thousands } from "./names.js";

/** No more places are marked than this. */
const MOST = 2000;

/** Where a text holds another, whatever their case. */
export function places(text, wanted, most = MOST) {
  const found = [];
  if (!wanted) return found;
  // Not by lower case: letters whose lower case is longer would move all places after them.
  const pattern = new RegExp(wanted.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"), "giu");
  for (const { index } of text.matchAll(pattern)) {
    if (found.length >= most) break;
    found.push(index);
  }
  return found;
}

function unmark(root) {
  for (const mark of root.querySelectorAll("mark")) mark.replaceWith(...mark.childNodes);
  root.normalize();
}

function markAll(root, wanted) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const nodes = [];
  while (walker.nextNode()) nodes.push(walker.currentNode);
  const marks = [];
  for (const node of nodes) {
    const text = node.data;
    const found = places(text, wanted, MOST - marks.length);
    if (found.length === 0) continue;
    const parts = [];
    let from = 0;
    for (const at of found) {
      const mark = element("mark", "", text.slice(at, at + wanted.length));
      parts.push(text.slice(from, at), mark);
      marks.push(mark);
      from = at + wanted.length;
    }
    node.replaceWith(...parts, text.slice(from));
  }
  return marks;
}

/** Puts a field and its buttons into `tools`, for what `shown()` gives. */
export function startSearch(tools, shown, isCut) {
  const field = element("input", "input");
  field.type = "search";
  field.placeholder = "Search in this file";
  field.setAttribute("aria-label", "Search in this file");
  const count = element("span", "small quiet");
  count.setAttribute("role", "status");
  const button = (label, by) => {
    const made = element("button", "btn btn-small", label);
    made.type = "button";
    made.addEventListener("click", () => go(by));
    return made;
  };
  const buttons = [button("Previous", -1), button("Next", 1)];
  let marks = [];
  let current = -1;
  let waiting;

  function go(by) {
    if (marks.length === 0) return;
    delete marks[current]?.dataset.current;
    current = (current + by + marks.length) % marks.length;
    const mark = marks[current];
    mark.dataset.current = "";
    for (let fold = mark.closest("details"); fold; fold = fold.parentElement?.closest("details"))
      fold.open = true;
    mark.scrollIntoView({ block: "nearest", inline: "nearest" });
    tell();
  }

  function tell() {
    const all = marks.length === MOST ? `more than ${thousands(MOST)}` : thousands(marks.length);
    if (!field.value) count.textContent = "";
    else if (marks.length === 0)
      count.textContent = isCut ? "Not found in what is shown" : "Not found";
    else count.textContent = `${thousands(current + 1)} of ${all}`;
    for (const one of buttons) one.disabled = marks.length === 0;
  }

  function search() {
    const root = shown();
    unmark(root);
    marks = markAll(root, field.value);
    current = -1;
    go(1);
    tell();
  }

  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(search, 150);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    go(event.shiftKey ? -1 : 1);
  });
  tools.append(field, ...buttons, count);
  tell();
  return { again: () => field.value && search() };
}

/** So many lines are one part of a long text: what is far away is not laid out. */
const LINES = 400;

/** Shows a text of any length in `place`. */
export function fillText(place, text) {
  const lines = text.split(/(?<=\n)/);
  const parts = [];
  for (let at = 0; at < lines.length; at += LINES)
    parts.push(element("span", "text-part", lines.slice(at, at + LINES).join("")));
  place.replaceChildren(...parts);
}

/** Tools for a text that is on the page; one that is laid out JSON folds. */
export function showText(tools, text, isLaidOut, isCut = false) {
  let shown = text;
  const search = startSearch(tools, () => shown, isCut);
  const lines = text.textContent.split("\n");
  if (!isLaidOut) return;
  const tree = element("div", "code file-text json", ...foldedElements(folded(lines)));
  tree.tabIndex = 0;
  tree.setAttribute("role", "region");
  tree.setAttribute("aria-label", "Content, to be folded");
  const button = element("button", "btn btn-small", "As text");
  button.type = "button";
  const swap = () => {
    const next = shown === text ? tree : text;
    shown.replaceWith(next);
    shown = next;
    button.textContent = shown === text ? "Folded" : "As text";
    search.again();
  };
  button.addEventListener("click", swap);
  tools.append(button);
  swap();
}

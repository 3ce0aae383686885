/* The page of released files. Everything is on it without this: here it becomes quicker to use. */
import { watchPicture } from "../modules/outputs/image.js";
import { laidOut, startLevel4 } from "../modules/outputs/level-4.js";
import { extension } from "../modules/outputs/names.js";
import { rowsOf, Sheet } from "../modules/outputs/sheet.js";
import { fillText, showText } from "../modules/outputs/text.js";
import { keepPlace, showCurrent, startFilter, startKeys } from "../modules/outputs/tree.js";

const root = document.getElementById("outputsSPA");

/** A narrow screen has room for the list or the file. */
function startFold(file) {
  const fold = root.querySelector("[data-files-fold]");
  if (!fold) return;
  const wide = matchMedia("(min-width: 62rem)");
  const set = () => {
    fold.open = wide.matches || !file;
  };
  wide.addEventListener("change", set);
  set();
}

async function startTable(file) {
  const scroll = file.querySelector("[data-sheet]");
  if (!scroll) return;
  const pages = file.querySelector("[data-sheet-pages]");
  const about = file.querySelector("[data-sheet-about]");
  const answer = await fetch(file.dataset.raw);
  if (!answer.ok) return;
  const rows = await rowsOf(answer, scroll.dataset.delimiter);
  if (!rows) return;
  const sheet = new Sheet(scroll, rows, file.querySelector(".file-name").textContent);
  about.textContent = `${sheet.summary} Choose a column's name to sort by it.`;
  pages?.remove();
}

/** The page has the beginning of a long text. All of it is fetched, so that all of it is searched. */
async function startText(file) {
  const text = file.querySelector("[data-text]");
  if (!text) return;
  let isCut = "cut" in text.dataset;
  let isLaidOut = "laidOut" in text.dataset;
  if (isCut) {
    try {
      const answer = await fetch(file.dataset.raw);
      if (!answer.ok) throw new Error(answer.statusText);
      const whole = await answer.text();
      const isJson = extension(file.querySelector(".file-name").textContent) === "json";
      const json = isJson ? laidOut(whole) : undefined;
      fillText(text, json ?? whole);
      isLaidOut = json !== undefined;
      file.querySelector(".file-note")?.remove();
      isCut = false;
    } catch {
      // The beginning is still there, and says that it is no more than that.
    }
  }
  showText(file.querySelector("[data-tools]"), text, isLaidOut, isCut);
}

async function start() {
  if ("inside" in root.dataset) await startLevel4(root);
  const file = root.querySelector("[data-file]");
  startFold(file || root.querySelector("[data-closed]") || root.dataset.path);
  const tree = root.querySelector("[data-tree]");
  if (tree) {
    startKeys(tree);
    startFilter(root);
    showCurrent(tree);
    keepPlace(tree);
  }
  if (!file) return;
  const image = file.querySelector("[data-image] img");
  if (image) watchPicture(image);
  startText(file);
  // Whatever goes wrong, the table of before is still there.
  startTable(file).catch(() => {});
}

if (root) start();

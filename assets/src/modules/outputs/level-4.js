/*
 * Files inside a backend. Its own server is asked by the browser, with a token that the page has; what comes is shown
 * with the same parts that released files are shown with, and is sent nowhere.
 */

import { sayNoPicture } from "./image.js";
import { commonFolders, element, encodePath, extension, sizeInWords, thousands } from "./names.js";
import { rowsOf, Sheet } from "./sheet.js";
import { fillText, showText } from "./text.js";

const IMAGES = { gif: "gif", jpg: "jpeg", jpeg: "jpeg", png: "png", svg: "svg+xml" };
const TEXTS = ["txt", "log", "md", "json", "yaml", "yml"];
const FRAMED = ["html", "pdf"];
const TABLES = { csv: ",", tsv: "\t" };
/** In bytes. */
const LARGEST = 20_000_000;
/** How long the backend may take until it begins to answer, and between two pieces of its answer, in milliseconds. */
const PATIENCE = 30_000;

/**
 * What a report may do in its box: look as it looks, with what it brings along. The page's own policy lets pictures,
 * styles and fonts of ours in, and what is in the address of one would leave the secure environment.
 */
const REPORT_POLICY =
  "default-src 'none'; img-src data: blob:; media-src data: blob:; style-src 'unsafe-inline'; font-src data:; " +
  "base-uri 'none'; form-action 'none'";

/** A page whose policy stands before all that it says. */
export function guarded(html, isModern) {
  // The doctype comes first, or the report would be laid out as those of the last century.
  const doctype = isModern ? "<!doctype html>" : "";
  return `${doctype}<meta http-equiv="Content-Security-Policy" content="${REPORT_POLICY}">${html}`;
}

/** What could only load something, and calls on where that is even where a policy forbids it. */
const NOT_SHOWN = "base, link, meta[http-equiv], template, iframe, frame, object, embed";
const XLINK = "http://www.w3.org/1999/xlink";

/**
 * A report as it is shown. Links within it stay in it: by itself, a page without an address of its own would look for
 * their ends in ours. Others lead nowhere, as browsers call on where a link leads before it is followed.
 */
function boxed(text) {
  const report = new DOMParser().parseFromString(text, "text/html");
  for (const gone of report.querySelectorAll(NOT_SHOWN)) gone.remove();
  for (const link of report.querySelectorAll("a, area")) {
    const href = link.getAttribute("href") ?? link.getAttributeNS(XLINK, "href") ?? "";
    link.removeAttributeNS(XLINK, "href");
    link.removeAttribute("ping");
    if (href.startsWith("#")) link.setAttribute("href", `about:srcdoc${href}`);
    else link.removeAttribute("href");
  }
  return guarded(report.documentElement.outerHTML, report.compatMode === "CSS1Compat");
}

const compare = (a, b) => a.toUpperCase().localeCompare(b.toUpperCase(), "en");

function label(name, note) {
  return [element("span", "tree-name", name), " ", element("small", "", note)];
}

/** Folders and files by their names, as nested lists. */
function branch(entries, base, path) {
  const folders = new Map();
  const files = [];
  for (const entry of entries) {
    const slash = entry.rest.indexOf("/");
    if (slash < 0) {
      files.push(entry);
      continue;
    }
    const name = entry.rest.slice(0, slash);
    if (!folders.has(name)) folders.set(name, []);
    folders.get(name).push({ ...entry, rest: entry.rest.slice(slash + 1) });
  }
  const items = [];
  for (const name of [...folders.keys()].sort(compare)) {
    const inside = folders.get(name);
    const list = element("ul", "", ...branch(inside, base, path));
    const fold = element(
      "details",
      "",
      element("summary", "", ...label(name, thousands(inside.length))),
      list,
    );
    fold.open = inside.some((entry) => entry.file.name === path) || (!path && entries.length <= 50);
    items.push(element("li", "", fold));
  }
  for (const { file, rest } of files.sort((a, b) => compare(a.rest, b.rest))) {
    const link = element("a", "tree-row", ...label(rest, sizeInWords(file.size)));
    link.href = `${base}${encodePath(file.name)}#file-title`;
    if (file.name === path) link.setAttribute("aria-current", "page");
    items.push(element("li", "", link));
  }
  return items;
}

/** All files as one list, the newest first. */
export function newestFirst(entries, base, path) {
  const at = (entry) => Date.parse(entry.file.date) || 0;
  const sorted = [...entries].sort((a, b) => at(b) - at(a) || compare(a.rest, b.rest));
  return sorted.map(({ file, rest }) => {
    const date = new Date(file.date);
    const day = Number.isNaN(date.getTime()) ? "" : date.toISOString().slice(0, 10);
    const link = element("a", "tree-row", ...label(rest, day));
    link.href = `${base}${encodePath(file.name)}?sort=date#file-title`;
    if (file.name === path) link.setAttribute("aria-current", "page");
    return element("li", "", link);
  });
}

function say(card, title, text) {
  const words = element("div", "empty", element("h2", "", title), element("p", "", text));
  card.replaceChildren(words);
}

const REFUSED = {
  401: ["The access has run out", "It works for half an hour. Reload this page to go on."],
  403: [
    "The backend does not let you in",
    "Reload this page; if that does not help, ask its operators.",
  ],
  404: ["There is nothing here", "The backend does not have this workspace or file any more."],
};

const UNREACHABLE = [
  "The backend cannot be reached",
  "Its files can be looked at from within its secure environment only.",
];
const BROKEN = [
  "The backend's answer makes no sense",
  "Something else may have answered in its place. Reload this page; if that does not help, ask its operators.",
];
const BROKEN_OFF = [
  "The backend's answer was broken off",
  "Reload this page to try again. If that does not help, ask its operators.",
];

/** Ends the call when nothing was heard for too long. */
function patience() {
  const control = new AbortController();
  let waiting;
  const again = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => control.abort(), PATIENCE);
  };
  again();
  return { signal: control.signal, again, over: () => clearTimeout(waiting) };
}

/** The answer, of which each piece is waited for as long as for the first. */
function pieceByPiece(answer, watch) {
  if (!answer.body) {
    watch.over();
    return answer;
  }
  const heard = new TransformStream({
    transform(piece, out) {
      watch.again();
      out.enqueue(piece);
    },
    flush: () => watch.over(),
  });
  return new Response(answer.body.pipeThrough(heard), { headers: answer.headers });
}

/** An answer of the backend, or words for why there is none. */
async function ask(url, token) {
  const watch = patience();
  let answer;
  try {
    answer = await fetch(url, {
      headers: { Authorization: token },
      credentials: "omit",
      referrerPolicy: "no-referrer",
      signal: watch.signal,
    });
  } catch {
    watch.over();
    return { refused: UNREACHABLE };
  }
  if (answer.ok) return { answer: pieceByPiece(answer, watch) };
  watch.over();
  return {
    refused: REFUSED[answer.status] ?? [
      "The backend could not answer",
      `It said: ${answer.status}.`,
    ],
  };
}

/** A link could not show the token, so the file is fetched and then saved. */
function download(file, token, body) {
  const button = element("button", "btn btn-small", "Download");
  button.type = "button";
  button.addEventListener("click", async () => {
    button.disabled = true;
    const { answer, refused } = await ask(`${file.url}?${Date.now()}`, token);
    button.disabled = false;
    if (refused) return say(body, ...refused);
    const link = element("a");
    try {
      link.href = URL.createObjectURL(await answer.blob());
    } catch {
      return say(body, ...BROKEN_OFF);
    }
    link.download = file.name.slice(file.name.lastIndexOf("/") + 1);
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  });
  return button;
}

async function show(card, file, token) {
  const kind = extension(file.name);
  const slash = file.name.lastIndexOf("/") + 1;
  const title = element(
    "h2",
    "file-name",
    element("small", "", file.name.slice(0, slash)),
    file.name.slice(slash),
  );
  title.id = "file-title";
  title.tabIndex = -1;
  const facts = element("p", "facts small", element("span", "", sizeInWords(file.size)));
  const date = new Date(file.date);
  if (!Number.isNaN(date.getTime()))
    facts.append(element("span", "", `written ${date.toUTCString().replace("GMT", "UTC")}`));
  const body = element("div");
  const actions = element("div", "actions", download(file, token, body));
  const head = element("div", "card-head file-head", element("div", "", title, facts), actions);
  const tools = element("div", "file-tools");
  card.classList.add("file");
  card.replaceChildren(head, tools, body);
  // The address names it, and it was not there yet when the page looked for it.
  if (location.hash === "#file-title") title.scrollIntoView();
  const known = kind in TABLES || kind in IMAGES || TEXTS.includes(kind) || FRAMED.includes(kind);
  if (!known)
    return say(
      body,
      "No preview",
      "Files of this kind are not shown here. Download it to look at it.",
    );
  if (file.size > LARGEST)
    return say(
      body,
      "Too large to show here",
      `It has ${sizeInWords(file.size)}. Download it to look at it.`,
    );
  const { answer, refused } = await ask(`${file.url}?${Date.now()}`, token);
  if (refused) return say(body, ...refused);
  try {
    await fill(body, tools, kind, answer, file.name.slice(slash));
  } catch {
    say(body, ...BROKEN_OFF);
  }
}

/** What is made of an answer, at an address that is only this page's. */
const made = (content, type) => URL.createObjectURL(new Blob([content], { type }));

async function fill(body, tools, kind, answer, name) {
  if (kind in TABLES) {
    const rows = await rowsOf(answer, TABLES[kind]);
    if (!rows)
      return say(
        body,
        "Too large to show here",
        "It has too many rows. Download it to look at it.",
      );
    if (rows.length === 0) return say(body, ...EMPTY);
    const about = element("div", "sheet-about small quiet");
    const scroll = region(element("div", "sheet-scroll"));
    body.append(about, scroll);
    about.textContent = `${new Sheet(scroll, rows, name).summary} Choose a column's name to sort by it.`;
    return;
  }
  const content = await answer.blob();
  if (content.size === 0) return say(body, ...EMPTY);
  if (kind in IMAGES) {
    const image = element("img");
    image.alt = name;
    image.addEventListener("error", () => sayNoPicture(image));
    image.src = made(content, `image/${IMAGES[kind]}`);
    body.append(element("div", "file-image", image));
  } else if (FRAMED.includes(kind)) {
    const frame = element("iframe", "file-frame");
    frame.title = name;
    frame.referrerPolicy = "no-referrer";
    if (kind === "html") {
      // Nothing runs in it, and it belongs to no site. No browser lets links within a `blob:` be followed there.
      frame.setAttribute("sandbox", "");
      frame.srcdoc = boxed(await content.text());
      body.append(note(ABOUT_REPORTS));
    } else {
      // No browser's viewer of PDFs works in a sandbox. It runs nothing as a page of ours.
      frame.src = made(content, "application/pdf");
      body.append(note("If your browser does not show PDFs, download it."));
    }
    body.append(frame);
  } else {
    const text = await content.text();
    const json = kind === "json" ? laidOut(text) : undefined;
    const shown = region(element("pre", "code code-wrap file-text"));
    fillText(shown, json ?? text);
    body.append(shown);
    showText(tools, shown, json !== undefined);
  }
}

const note = (text) => element("p", "file-note small quiet", text);

const EMPTY = ["This file is empty", "There is nothing in it."];
const ABOUT_REPORTS =
  "This report is shown in a box of its own: nothing in it runs, and links to other pages do not work.";

function region(made) {
  made.tabIndex = 0;
  made.setAttribute("role", "region");
  made.setAttribute("aria-label", "Content of the file");
  return made;
}

/** JSON with a line for each value, where no number would change by it. */
export function laidOut(text) {
  try {
    const value = JSON.parse(text);
    const isSame =
      JSON.stringify(value) ===
      text.replace(/"(?:[^"\\]|\\.)*"|\s+/g, (part) => (part[0] === '"' ? part : ""));
    return isSame && typeof value === "object" ? JSON.stringify(value, null, 2) : undefined;
  } catch {
    return undefined;
  }
}

/** The files of a list; whatever else was answered is an error. */
export function listed(answer) {
  const { files } = answer;
  const isFile = (file) => typeof file?.name === "string" && typeof file.url === "string";
  if (!Array.isArray(files) || !files.every(isFile))
    throw new TypeError("this is no list of files");
  return files;
}

/** Fetches the list, and the file that the address names. */
export async function startLevel4(root) {
  const { filesUrl, authToken, basePath, path } = root.dataset;
  const card = root.querySelector("[data-level-4-file]");
  const { answer, refused } = await ask(filesUrl, authToken);
  if (refused) return say(card, ...refused);
  let files;
  try {
    files = listed(await answer.json());
  } catch {
    return say(card, ...BROKEN);
  }
  const cut = commonFolders(files.map((file) => file.name)).length;
  const entries = files.map((file) => ({ file, rest: file.name.slice(cut) }));
  const isByDate = new URLSearchParams(location.search).get("sort") === "date";
  const rows = isByDate ? newestFirst : branch;
  root.querySelector(".tree").replaceChildren(...rows(entries, basePath, path));
  root.querySelector("[data-level-4-list]").hidden = files.length === 0;
  const size = files.reduce((sum, file) => sum + (Number(file.size) || 0), 0);
  const plural = files.length === 1 ? "file" : "files";
  for (const place of document.querySelectorAll("[data-level-4-totals]"))
    place.textContent = `${thousands(files.length)} ${plural}, ${sizeInWords(size)}`;
  if (files.length === 0)
    say(card, "There are no files here", "No job has written outputs of this workspace there.");
  else if (!path) say(card, "Choose a file", "It is fetched from the backend and shown here.");
  else {
    const file = files.find((one) => one.name === path);
    if (file) await show(card, file, authToken);
    else say(card, "There is no such file", "It may have been called otherwise, or be gone.");
  }
}

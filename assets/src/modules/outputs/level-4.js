/*
 * Files inside a backend. Its own server is asked by the browser, with a token that the page has; what comes is shown
 * with the same parts that released files are shown with, and is sent nowhere.
 */
import { commonFolders, element, encodePath, extension, sizeInWords, thousands } from "./names.js";
import { rowsOf, Sheet } from "./sheet.js";
import { fillText, showText } from "./text.js";

const IMAGES = { gif: "gif", jpg: "jpeg", jpeg: "jpeg", png: "png", svg: "svg+xml" };
const TEXTS = ["txt", "log", "md", "json", "yaml", "yml"];
const TABLES = { csv: ",", tsv: "\t" };
/** In bytes. */
const LARGEST = 20_000_000;

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
    link.href = base + encodePath(file.name);
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
    link.href = `${base}${encodePath(file.name)}?sort=date`;
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

/** An answer of the backend, or words for why there is none. */
async function ask(url, token) {
  let answer;
  try {
    answer = await fetch(url, {
      headers: { Authorization: token },
      credentials: "omit",
      referrerPolicy: "no-referrer",
    });
  } catch {
    return {
      refused: [
        "The backend cannot be reached",
        "Its files can be looked at from within its secure environment only.",
      ],
    };
  }
  if (answer.ok) return { answer };
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
    link.href = URL.createObjectURL(await answer.blob());
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
  const facts = element("p", "facts small", element("span", "", sizeInWords(file.size)));
  const date = new Date(file.date);
  if (!Number.isNaN(date.getTime()))
    facts.append(element("span", "", date.toUTCString().replace("GMT", "UTC")));
  const body = element("div");
  const actions = element("div", "actions", download(file, token, body));
  const head = element("div", "card-head file-head", element("div", "", title, facts), actions);
  const tools = element("div", "file-tools");
  card.classList.add("file");
  card.replaceChildren(head, tools, body);
  const known = kind in TABLES || kind in IMAGES || TEXTS.includes(kind) || kind === "html";
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
  if (kind in TABLES) {
    const rows = await rowsOf(answer, TABLES[kind]);
    if (!rows)
      return say(
        body,
        "Too large to show here",
        "It has too many rows. Download it to look at it.",
      );
    const about = element("div", "sheet-about small quiet");
    const scroll = region(element("div", "sheet-scroll"));
    body.append(about, scroll);
    about.textContent = new Sheet(scroll, rows, file.name).summary;
  } else if (kind in IMAGES) {
    const image = element("img");
    image.alt = file.name.slice(slash);
    image.src = URL.createObjectURL(
      new Blob([await answer.blob()], { type: `image/${IMAGES[kind]}` }),
    );
    body.append(element("div", "file-image", image));
  } else if (kind === "html") {
    const frame = element("iframe", "file-frame");
    // Nothing runs in it, and it belongs to no site.
    frame.setAttribute("sandbox", "");
    frame.title = file.name;
    frame.srcdoc = await answer.text();
    body.append(frame);
  } else {
    const text = await answer.text();
    const json = kind === "json" ? laidOut(text) : undefined;
    const shown = region(element("pre", "code code-wrap file-text"));
    fillText(shown, json ?? text);
    body.append(shown);
    showText(tools, shown, json !== undefined);
  }
}

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

/** Fetches the list, and the file that the address names. */
export async function startLevel4(root) {
  const { filesUrl, authToken, basePath, path } = root.dataset;
  const card = root.querySelector("[data-level-4-file]");
  const { answer, refused } = await ask(filesUrl, authToken);
  if (refused) return say(card, ...refused);
  const { files } = await answer.json();
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

/** How long typing has to rest before the site is asked, in milliseconds. */
const REST = 150;
const MOST = 12;

const isField = (target) => target.closest?.("input, textarea, select, [contenteditable]");

/**
 * The search in a dialog: `/` and Ctrl-K (Cmd-K) open it anywhere but in a field. It shows what the page of results
 * shows, so there is one rule of what is found; without it, the box in the header leads to that page.
 */
function startPalette() {
  const box = document.querySelector("form.find");
  if (!box || typeof HTMLDialogElement === "undefined") return;
  let palette;
  const open = () => {
    palette ??= makePalette();
    palette.open();
  };
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey || document.querySelector("dialog[open]")) return;
    const isCommand =
      (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "k";
    const isSlash = event.key === "/" && !event.ctrlKey && !event.metaKey;
    if ((!isCommand && !isSlash) || isField(event.target)) return;
    event.preventDefault();
    open();
  });
}

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function makePalette() {
  const list = element("ul", { id: "palette-list", role: "listbox", "aria-label": "Results" });
  const input = element("input", {
    class: "input",
    type: "search",
    name: "q",
    maxlength: "100",
    role: "combobox",
    "aria-label": "Search the site",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": "palette-list",
    autocomplete: "off",
    spellcheck: "false",
  });
  const hint = element("p", { class: "quiet find-more", role: "status" });
  const form = element("form", { action: "/search/", method: "get" }, input);
  const dialog = element("dialog", { class: "palette", "aria-label": "Search" }, form, list, hint);
  document.body.append(dialog);

  let before = null;
  let asked = null;
  let timer = 0;
  let active = -1;

  const activate = (index) => {
    active = index;
    [...list.children].forEach((option, place) => {
      option.setAttribute("aria-selected", String(place === index));
    });
    const option = list.children[index];
    if (option) {
      input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  };

  const show = (links) => {
    list.replaceChildren(
      ...links.map(({ href, text, detail }, place) => {
        const option = element("li", { id: `palette-${place}`, role: "option" }, text);
        option.dataset.href = href;
        if (detail) option.append(" ", element("span", { class: "quiet" }, detail));
        return option;
      }),
    );
    input.setAttribute("aria-expanded", String(links.length > 0));
    activate(-1);
  };

  const ask = async () => {
    asked?.abort();
    const text = input.value.trim();
    if (!text) {
      show([]);
      hint.textContent = "";
      return;
    }
    const mine = new AbortController();
    asked = mine;
    try {
      const url = `/search/?q=${encodeURIComponent(text)}`;
      const answer = await fetch(url, { signal: mine.signal });
      if (!answer.ok) throw new Error(`${answer.status}`);
      const html = await answer.text();
      if (mine.signal.aborted) return;
      const page = new DOMParser().parseFromString(html, "text/html");
      const links = answer.redirected
        ? [{ href: answer.url, text: page.querySelector("h1")?.textContent.trim() ?? text }]
        : [...page.querySelectorAll(".find-hits li")].slice(0, MOST).map((hit) => ({
            href: hit.querySelector("a").getAttribute("href"),
            text: hit.querySelector("a").textContent.trim(),
            detail: hit.querySelector(":scope > .quiet")?.textContent.trim(),
          }));
      show(links);
      const said = page.querySelector(".empty h2")?.textContent;
      hint.textContent = links.length
        ? `${links.length} shown. Enter without choosing shows all.`
        : (said ?? "");
    } catch (error) {
      if (error.name === "AbortError") return;
      show([]);
      hint.textContent = "The search does not answer. Press Enter to try its page.";
    }
  };

  const go = (option) => {
    if (option) location.assign(option.dataset.href);
  };

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, REST);
  });
  input.addEventListener("keydown", (event) => {
    const last = list.children.length - 1;
    if (event.key === "ArrowDown") activate(active >= last ? (last < 0 ? -1 : 0) : active + 1);
    else if (event.key === "ArrowUp") activate(active <= 0 ? last : active - 1);
    else if (event.key === "Enter" && active >= 0) go(list.children[active]);
    else return;
    event.preventDefault();
  });
  list.addEventListener("click", (event) => go(event.target.closest("[role=option]")));
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener("close", () => {
    clearTimeout(timer);
    asked?.abort();
    before?.focus?.();
  });

  return {
    open() {
      before = document.activeElement;
      dialog.showModal();
      input.select();
      input.focus();
    },
  };
}

startPalette();

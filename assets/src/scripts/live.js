import { updateRelativeTimes } from "./relative-time.js";

/*
 * Follows a run. The page names its event stream in `data-live`; on every `change` event the page itself is fetched again
 * and each `data-live-part` replaced by the part of the same name. What is focused, scrolled or unfolded stays so.
 */

/**
 * The elements that a person may have moved or opened, by id, by where they lead or by place, so that they can be found
 * again. A link's address goes before its place: rows are added above it while a run goes on.
 */
function keysOf(part, selector) {
  const seen = new Map();
  return [...part.querySelectorAll(selector)].map((el, index) => {
    const name = el.id || el.getAttribute("href") || `${selector}:${index}`;
    const times = seen.get(name) ?? 0;
    seen.set(name, times + 1);
    return [times ? `${name}:${times}` : name, el];
  });
}

function remember(part) {
  const active = document.activeElement;
  const focusable = "a, button, input, select, textarea, summary, [tabindex]";
  const focused = part.contains(active)
    ? keysOf(part, focusable).find(([, el]) => el === active)?.[0]
    : null;
  return {
    focusable,
    focused,
    details: new Map(keysOf(part, "details").map(([key, el]) => [key, el.open])),
    scrolls: new Map(
      keysOf(part, "[data-scroll]").map(([key, el]) => [key, [el.scrollLeft, el.scrollTop]]),
    ),
  };
}

function restore(part, memory) {
  for (const [key, el] of keysOf(part, "details")) {
    if (memory.details.has(key)) el.open = memory.details.get(key);
  }
  for (const [key, el] of keysOf(part, "[data-scroll]")) {
    const at = memory.scrolls.get(key);
    if (at) [el.scrollLeft, el.scrollTop] = at;
  }
  if (memory.focused) {
    const again = keysOf(part, memory.focusable).find(([key]) => key === memory.focused);
    again?.[1].focus({ preventScroll: true });
  }
}

function replaceParts(fetched) {
  for (const part of document.querySelectorAll("[data-live-part]")) {
    const name = part.dataset.livePart;
    const fresh = [...fetched.querySelectorAll("[data-live-part]")].find(
      (el) => el.dataset.livePart === name,
    );
    if (!fresh || fresh.innerHTML === part.dataset.liveSource) continue;
    // Compared as it was sent: scripts may have changed the words of times since.
    const source = fresh.innerHTML;
    const x = scrollX;
    const y = scrollY;
    const memory = remember(part);
    part.replaceChildren(...[...fresh.childNodes].map((node) => document.importNode(node, true)));
    part.dataset.liveSource = source;
    restore(part, memory);
    scrollTo(x, y);
  }
  updateRelativeTimes();
}

/** A place that screen readers read out when it changes, between other things. It is there before it has words. */
function announcer() {
  const place = document.createElement("p");
  place.className = "sr-only";
  place.setAttribute("role", "status");
  document.body.append(place);
  return place;
}

/** What has ended and how, as the fetched page says it: `Job request 7: Failed`. */
function ending(fetched) {
  const words = (selector) => fetched.querySelector(selector)?.textContent.trim();
  return [words("main h1"), words("[data-live-part='summary'] .status") || "Finished"]
    .filter(Boolean)
    .join(": ");
}

function follow(root) {
  const announced = announcer();
  const state = document.querySelector("[data-live-state]");
  const say = (text, on) => {
    root.toggleAttribute("data-live-on", on);
    if (!state || state.textContent === text) return;
    state.textContent = text;
    state.toggleAttribute("data-on", on);
  };

  let fetching = false;
  let again = false;
  async function refresh() {
    if (fetching) {
      again = true;
      return;
    }
    fetching = true;
    try {
      do {
        again = false;
        const answer = await fetch(location.href, {
          headers: { "X-Live": "1" },
          cache: "no-store",
        });
        if (!answer.ok) continue;
        const fetched = new DOMParser().parseFromString(await answer.text(), "text/html");
        replaceParts(fetched);
        // A run that has ended has no stream any more.
        if (!fetched.querySelector("[data-live]")) {
          source.close();
          say("", false);
          announced.textContent = ending(fetched);
          return;
        }
      } while (again);
    } catch {
      say("Reconnecting", false);
    } finally {
      fetching = false;
    }
  }

  const source = new EventSource(root.dataset.live);
  let opened = false;
  source.addEventListener("open", () => {
    say("Live", true);
    // What changed while the connection was away is fetched at once.
    if (opened) refresh();
    opened = true;
  });
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) say("Not live. Reload to see changes", false);
    else say("Reconnecting", false);
  });
  source.addEventListener("change", refresh);
  addEventListener("pagehide", () => source.close());
}

const root = document.querySelector("[data-live]");
if (root?.dataset.live) {
  for (const part of document.querySelectorAll("[data-live-part]")) {
    part.dataset.liveSource = part.innerHTML;
  }
  follow(root);
}

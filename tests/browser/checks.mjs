// What every page has to pass, whatever it is for.

import assert from "node:assert/strict";

export const WIDTHS = [320, 360, 768, 1280, 3840];
// Bytes as they are sent, compressed.
export const MOST_SCRIPT = 60_000;
export const MOST_STYLE = 40_000;

// Counts what a page's scripts and styles weigh on the wire.
export async function scales(page) {
  const client = await page.context().newCDPSession(page);
  await client.send("Network.enable");
  await client.send("Network.setCacheDisabled", { cacheDisabled: true });
  const kinds = new Map();
  let weight = { Script: 0, Stylesheet: 0 };
  client.on("Network.responseReceived", ({ requestId, type }) => kinds.set(requestId, type));
  client.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const kind = kinds.get(requestId);
    if (kind in weight) weight[kind] += encodedDataLength;
  });
  return {
    empty() {
      weight = { Script: 0, Stylesheet: 0 };
    },
    within() {
      assert.ok(weight.Stylesheet > 0, "the page has no styles");
      assert.ok(weight.Script < MOST_SCRIPT, `scripts weigh ${weight.Script} bytes`);
      assert.ok(weight.Stylesheet < MOST_STYLE, `styles weigh ${weight.Stylesheet} bytes`);
    },
  };
}

// Landmarks, one title of the first level, no level left out, a way past the header, and no id that is there twice.
export async function structure(page) {
  const found = await page.evaluate(() => ({
    title: document.title,
    lang: document.documentElement.lang,
    mains: document.querySelectorAll("main").length,
    header: document.querySelectorAll("body > header, [role=banner]").length,
    footer: document.querySelectorAll("body > footer, [role=contentinfo]").length,
    levels: [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")]
      .filter((heading) => heading.checkVisibility())
      .map((heading) => Number(heading.tagName[1])),
    skip: document.querySelector("a[href='#main']") !== null,
    ids: [...document.querySelectorAll("[id]")].map((element) => element.id),
  }));
  assert.match(found.title, /\S/);
  assert.ok(found.lang.startsWith("en"), "the language of the page");
  assert.equal(found.mains, 1, "one main");
  assert.equal(found.header, 1, "one header");
  assert.equal(found.footer, 1, "one footer");
  assert.ok(found.skip, "a link to the content");
  const twice = found.ids.filter((id, at) => found.ids.indexOf(id) !== at);
  assert.deepEqual(twice, [], "these ids are there more than once");
  assert.equal(found.levels.filter((level) => level === 1).length, 1, "one h1");
  for (const [at, level] of found.levels.entries()) {
    const before = at === 0 ? 0 : found.levels[at - 1];
    assert.ok(level <= before + 1 || at === 0, `a heading h${level} comes after h${before}`);
  }
}

// Whatever takes the focus from the keyboard shows that it has it: itself or, for a field in a label or a box, what
// is around it.
export async function focusShows(page) {
  // The keyboard is in use: from here on, script or not, focus is shown.
  await page.keyboard.press("Tab");
  const silent = await page.evaluate(() => {
    const look = (element) => {
      const parts = [];
      for (let at = element, depth = 0; at && depth < 3; at = at.parentElement, depth++) {
        const style = getComputedStyle(at);
        parts.push(style.outlineStyle === "none" ? "" : `${style.outlineWidth} ${style.outlineColor}`, style.boxShadow);
        parts.push(style.borderColor, style.backgroundColor);
      }
      // What is drawn shows it by its lines.
      for (const shape of element.querySelectorAll("rect, path")) {
        const { stroke, strokeWidth } = getComputedStyle(shape);
        parts.push(stroke, strokeWidth);
      }
      return parts.join("|");
    };
    const selector = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
    const all = [...document.querySelectorAll(selector)].filter((e) => e.checkVisibility() && !e.disabled);
    const names = [];
    for (const element of all.slice(0, 200)) {
      document.activeElement?.blur();
      const before = look(element);
      element.focus();
      if (document.activeElement !== element) continue;
      if (look(element) === before) names.push(element.outerHTML.slice(0, 120));
    }
    document.activeElement?.blur();
    return names;
  });
  assert.deepEqual(silent, [], "focus is not to be seen on these");
}

export async function fits(page, width, what = "") {
  const wide = await page.evaluate(() => {
    const root = document.documentElement;
    if (root.scrollWidth <= root.clientWidth) return [];
    const out = [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > root.clientWidth + 1);
    return [`${root.scrollWidth - root.clientWidth} pixels`, ...out.slice(0, 3).map((e) => e.outerHTML.slice(0, 120))];
  });
  assert.deepEqual(wide, [], `too wide at ${width}${what}`);
}

// Letters twice as large: nothing is cut off at the side.
export async function zoomed(page) {
  await page.evaluate(() => (document.documentElement.style.fontSize = "200%"));
  await fits(page, 1280, " with letters twice as large");
  await page.evaluate(() => document.documentElement.style.removeProperty("font-size"));
}

export async function still(page) {
  const moving = await page.evaluate(() =>
    document
      .getAnimations()
      .filter((animation) => animation.playState === "running" && animation.effect?.getComputedTiming().duration > 1)
      .map((animation) => `${animation.animationName ?? animation.transitionProperty} of ${animation.effect.target?.className}`),
  );
  assert.deepEqual(moving, [], "these move though the person asked for stillness");
}

// What the journeys share: a browser, people who sign in, and a look at every page they reach.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import assert from "node:assert/strict";
import { chromium } from "playwright-core";
import { WIDTHS, fits } from "./checks.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
export const base = process.env.BASE_URL;

let browser;

export async function start() {
  browser = await chromium.launch({
    executablePath: process.env.BROWSER,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

export async function stop() {
  await browser?.close();
}

// A person with a browser of their own. Any error on a page, and any violation of the content
// security policy, fails the test that caused it, unless the test says that it causes some (silent).
export async function person({ javaScript = true, username, silent = false } = {}) {
  const context = await browser.newContext({
    baseURL: base,
    javaScriptEnabled: javaScript,
    locale: "en-GB",
    viewport: { width: 1280, height: 900 },
    // No colour is on its way to another when it is looked at.
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    // htmx says of its own requests what the browser says, too, and that one was given up.
    const expected =
      /(the server responded with a status of|Response Status Error Code) (4\d\d|500|503)|^htmx:(sendAbort|afterRequest)/.test(
        message.text(),
      );
    if (message.type() === "error" && !expected) complaints.push(message.text());
  });
  if (username) await signIn(page, username);
  return {
    page,
    complaints,
    async leave() {
      await context.close();
      if (!silent) assert.deepEqual(complaints, [], "the browser complained");
    },
  };
}

// Signs in by the link that an operator would send.
export async function signIn(page, username) {
  const link = execFileSync(process.env.PROGRAM, ["login-link", username], { encoding: "utf8" }).trim().split("\n").at(-1);
  await page.goto(link);
  await page.getByRole("button", { name: /sign in/i }).click();
  await page.waitForURL(`${base}/`);
}

// Clicks what leads to another page, and waits until that page stands: it may have the same address and
// say the same words, and a click alone does not wait for an answer.
export async function follow(page, link) {
  const arrived = page.waitForEvent("framenavigated", { predicate: (frame) => frame === page.mainFrame() });
  await link.click();
  await arrived;
  await page.waitForLoadState();
}

// Until every colour is what it will be: the next frame is drawn and no transition runs.
export async function settled(page) {
  await page.evaluate(async () => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    await frame();
    await frame();
    await Promise.allSettled(document.getAnimations().map((animation) => animation.finished));
  });
}

// What axe-core has against the page as it stands. The size of targets is not among its usual rules.
export async function faults(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run(document, { resultTypes: ["violations"], rules: { "target-size": { enabled: true } } }),
  );
  return violations.map((v) => `${v.id}: ${v.help} (${v.nodes.map((n) => n.target.join(" ")).join("; ")})`);
}

// No violation that axe-core knows, in the colours that the system asks for.
export async function accessible(page, name) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await settled(page);
    const found = await faults(page);
    assert.deepEqual(found, [], `${name} in ${colorScheme}`);
  }
}

// Pictures for whoever looks afterwards, wide and narrow, light and dark; and nothing is wider than a
// screen of any width.
export async function pictures(page, name) {
  for (const [width, colorScheme] of [[1280, "light"], [360, "light"], [1280, "dark"], [360, "dark"]]) {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme });
    await settled(page);
    await page.screenshot({
      path: path.join(process.env.SCREENSHOTS, `${name}.${width}.${colorScheme}.png`),
      fullPage: true,
    });
  }
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    await fits(page, width);
  }
  await page.setViewportSize({ width: 1280, height: 900 });
}

export async function look(page, name) {
  await accessible(page, name);
  await pictures(page, name);
}

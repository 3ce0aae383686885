// Every family of pages is looked at in the same way: in both colour schemes, from a small telephone to a very large
// screen, with large letters, with the keyboard, without scripts. Nothing is changed, and no runner is at work, so
// pages may be looked at two at a time.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import path from "node:path";
import { WIDTHS, fits, focusShows, scales, still, structure, zoomed } from "./checks.mjs";
import { families } from "./families.mjs";
import { faults, person, settled, start, stop } from "./site.mjs";

const WORKERS = 2;
const picture = (name, width, scheme) => path.join(process.env.SCREENSHOTS, `${name}.${width}.${scheme}.png`);

before(start);
after(stop);

// The people who look, by username: each has a browser with scripts and one without.
class Crew {
  people = new Map();

  async of(username) {
    const known = this.people.get(username);
    if (known) return known;
    const made = {
      reader: await person({ username }),
      plain: await person({ username, javaScript: false }),
    };
    made.scale = await scales(made.reader.page);
    this.people.set(username, made);
    return made;
  }

  async leave() {
    for (const { reader, plain } of this.people.values()) {
      await reader.leave();
      await plain.leave();
    }
  }
}

async function examine(t, crew, { name, path: address, status, username }) {
  const { reader, plain, scale } = await crew.of(username);
  const { page } = reader;
  scale.empty();
  reader.complaints.length = 0;
  await page.emulateMedia({ colorScheme: "light" });
  const response = await page.goto(address);
  const wrong = [];
  // All that is wrong with a page is said at once, not the first of it.
  const part = async (what, check) => {
    try {
      await check();
    } catch (error) {
      wrong.push(`${what}: ${error.message}`);
    }
  };
  await part("status", () => assert.equal(response.status(), status));
  await part("structure", () => structure(page));
  await part("weight", () => scale.within());
  await part("stillness", () => still(page));
  for (const scheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: scheme });
    await settled(page);
    await part(`axe in ${scheme}`, async () => assert.deepEqual(await faults(page), []));
    for (const width of scheme === "light" ? WIDTHS : [360, 1280]) {
      await page.setViewportSize({ width, height: 900 });
      await part("width", () => fits(page, width));
      if (width === 360 || width === 1280) {
        await page.screenshot({ path: picture(name, width, scheme), fullPage: true });
      }
    }
    await page.setViewportSize({ width: 1280, height: 900 });
  }
  await part("large letters", () => zoomed(page));
  await part("focus", () => focusShows(page));
  const heading = await page.locator("h1").first().innerText();
  await plain.page.goto(address);
  await part("without scripts", async () => {
    assert.equal(await plain.page.locator("h1").first().innerText(), heading);
    assert.match(await plain.page.locator("main").innerText(), /\S{3}/);
  });
  await part("the browser", () => assert.deepEqual(reader.complaints, []));
  reader.complaints.length = 0;
  assert.deepEqual(wrong, [], `${name} (${address})`);
}

test("every family of pages reads well for everybody, everywhere", { concurrency: WORKERS }, async (t) => {
  const scout = await person();
  const only = process.env.FAMILY;
  const list = (await families(scout.page)).filter(({ name }) => !only || new RegExp(only).test(name));
  await scout.leave();
  await Promise.all(
    Array.from({ length: WORKERS }, async () => {
      const crew = new Crew();
      for (let family = list.shift(); family; family = list.shift()) {
        await t.test(family.name, (t) => examine(t, crew, family));
      }
      await crew.leave();
    }),
  );
});

test("colours that the system forces, and paper", async () => {
  const reader = await person();
  const { page } = reader;
  await page.goto("/event-log/");
  await page.emulateMedia({ forcedColors: "active" });
  await settled(page);
  await page.screenshot({ path: picture("event-log-forced-colours", 1280, "light"), fullPage: true });
  await page.emulateMedia({ forcedColors: null, media: "print" });
  await page.screenshot({ path: picture("event-log-print", 1280, "light"), fullPage: true });
  assert.equal(await page.locator("body > header nav").first().isVisible(), false, "paper has no navigation");
  await reader.leave();
});

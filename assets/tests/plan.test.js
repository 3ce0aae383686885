import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { plan } from "../src/modules/plan.js";

const cases = JSON.parse(readFileSync(new URL("./plans.json", import.meta.url), "utf8"));
const nothing = { selected: [], needed: [], under_way: [], kept: [], refused: [] };

for (const { why, needs, last = {}, selected, force = false, plan: expected } of cases) {
  test(`what would run: ${why}`, () => {
    const actions = new Map(Object.entries(needs));
    const found = plan(actions, new Map(Object.entries(last)), new Set(selected), force);
    assert.deepEqual(found, { ...nothing, ...expected });
  });
}

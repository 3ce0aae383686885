import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const source = new URL("../src/", import.meta.url);
const read = (name) => readFileSync(new URL(name, source), "utf8");

/** The colours of tokens.css by name: `[light, dark]`, each as lightness, chroma and hue. */
function colours() {
  const found = new Map();
  const triple = (text) => text.trim().split(/\s+/).map(Number);
  for (const [, name, light, dark] of read("tokens.css").matchAll(
    /--([a-z-]+): light-dark\(oklch\(([^)/]+)\), oklch\(([^)/]+)\)\);/g,
  ))
    found.set(name, [triple(light), triple(dark)]);
  for (const [, name, both] of read("tokens.css").matchAll(/--([a-z-]+): oklch\(([^)/]+)\);/g))
    found.set(name, [triple(both), triple(both)]);
  return found;
}

/** Relative luminance, as the accessibility guidelines define it. */
function luminance([lightness, chroma, hue]) {
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ].map((part) => Math.min(1, Math.max(0, part)));
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
}

function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

const GROUNDS = ["paper", "surface", "sunken"];
const STATES = ["success", "running", "waiting", "danger"];

/** What is written on what. */
const TEXT = [
  ...["ink", "muted", "accent", "accent-deep", ...STATES].flatMap((text) =>
    GROUNDS.map((ground) => [text, ground]),
  ),
  ...STATES.flatMap((state) => [
    [state, `${state}-soft`],
    ["ink", `${state}-soft`],
  ]),
  ["ink", "accent-soft"],
  ["muted", "accent-soft"],
  ["accent", "accent-soft"],
  ["accent-deep", "accent-soft"],
  ["on-accent", "accent"],
  ["on-accent", "accent-deep"],
  ["on-status", "success"],
  ["on-status", "waiting"],
  ["on-danger", "danger-fill"],
  ["paper", "ink"],
];

/** What is drawn on what: edges of fields and buttons, marks, the outline of what has the focus. */
const DRAWN = ["line-strong", "accent", ...STATES].flatMap((line) =>
  GROUNDS.map((ground) => [line, ground]),
);

for (const [index, scheme] of ["light", "dark"].entries()) {
  for (const [pairs, least, kind] of [
    [TEXT, 4.5, "text"],
    [DRAWN, 3, "lines"],
  ]) {
    test(`${kind} in ${scheme} have a contrast of ${least} or more`, () => {
      const all = colours();
      const weak = pairs
        .map(([over, ground]) => {
          assert.ok(all.has(over) && all.has(ground), `${over} on ${ground}: no such colours`);
          return [over, ground, contrast(all.get(over)[index], all.get(ground)[index])];
        })
        .filter(([, , value]) => value < least)
        .map(([over, ground, value]) => `${over} on ${ground}: ${value.toFixed(2)}`);
      assert.deepEqual(weak, []);
    });
  }
}

test("the formula gives what the guidelines say", () => {
  assert.ok(Math.abs(contrast([1, 0, 0], [0, 0, 0]) - 21) < 0.01);
  // Grey #767676 is the lightest that is enough on white.
  assert.ok(Math.abs(contrast([0.5669, 0, 0], [1, 0, 0]) - 4.54) < 0.03);
});

test("colours are named in tokens.css alone", () => {
  const raw = /#[0-9a-f]{3,8}\b|\b(?:oklch|oklab|rgba?|hsla?|hwb)\(|:\s*(?:white|black)\b/gi;
  const files = readdirSync(source, { recursive: true }).filter(
    (name) => name.endsWith(".css") && name !== "tokens.css",
  );
  assert.ok(files.length > 8);
  const found = files.flatMap((name) =>
    [
      ...read(name)
        .replace(/url\([^)]*\)/g, "")
        .matchAll(raw),
    ].map(([text]) => `${name}: ${text}`),
  );
  assert.deepEqual(found, []);
});

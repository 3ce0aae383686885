import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { brotli } from "../tools/compress.js";

// Compressed, in bytes, on any page.
const SCRIPTS = 60_000;
const STYLES = 40_000;

const dist = new URL("../dist/", import.meta.url);
const pages = new URL("../../src/web/pages/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));

/** The built files that an entry loads, with what it imports. */
function files(key, all = new Set()) {
  const chunk = manifest[key];
  assert.ok(chunk, `the manifest has no ${key}`);
  if (!all.has(chunk.file)) {
    all.add(chunk.file);
    for (const imported of [...(chunk.imports ?? []), ...(chunk.dynamicImports ?? [])])
      files(imported, all);
  }
  return all;
}

const weight = (names) =>
  [...names].reduce((sum, name) => sum + brotli(readFileSync(new URL(name, dist))).length, 0);

/** Which scripts the sources of a family of pages ask for: all of them together, which no page exceeds. */
function families() {
  const found = new Map();
  for (const name of readdirSync(pages, { recursive: true }).filter((n) => n.endsWith(".rs"))) {
    const family = name.split("/")[0].replace(/\.rs$/, "");
    const text = readFileSync(new URL(name, pages), "utf8");
    const scripts = found.get(family) ?? new Set();
    for (const [, script] of text.matchAll(/\.script\([^)"]*"([a-z-]+)"\)/g)) scripts.add(script);
    found.set(family, scripts);
  }
  return found;
}

test("no page has more than 60 kB of scripts, compressed", () => {
  const all = families();
  assert.ok([...all.values()].some((scripts) => scripts.size > 0));
  for (const [family, scripts] of all) {
    const names = new Set();
    for (const script of ["theme", "base", ...scripts]) files(`src/scripts/${script}.js`, names);
    const bytes = weight(names);
    assert.ok(bytes < SCRIPTS, `${family}: ${bytes} bytes of scripts`);
  }
});

test("there are fewer than 40 kB of styles, compressed", () => {
  const bytes = weight(files("src/base.css"));
  assert.ok(bytes < STYLES, `${bytes} bytes of styles`);
});

test("what is text is compressed beside itself, smaller", () => {
  const style = new URL(manifest["src/base.css"].file, dist);
  for (const ending of ["br", "gz"]) {
    const file = new URL(`${style.href}.${ending}`);
    assert.ok(existsSync(file), file.pathname);
    assert.ok(readFileSync(file).length < readFileSync(style).length / 2);
  }
});

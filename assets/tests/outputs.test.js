import assert from "node:assert/strict";
import { test } from "node:test";
import { CsvParser, compareValues } from "../src/modules/outputs/csv.js";
import { folded } from "../src/modules/outputs/json.js";
import { guarded, listed } from "../src/modules/outputs/level-4.js";
import {
  commonFolders,
  encodePath,
  extension,
  fitting,
  sizeInWords,
} from "../src/modules/outputs/names.js";
import { onOneLine } from "../src/modules/outputs/sheet.js";
import { places } from "../src/modules/outputs/text.js";

/** The rows of a text that comes in pieces of this length. */
function parsed(text, piece = text.length || 1, delimiter = ",") {
  const parser = new CsvParser(delimiter);
  const rows = [];
  for (let at = 0; at < text.length; at += piece)
    rows.push(...parser.push(text.slice(at, at + piece)));
  return [...rows, ...parser.end()];
}

const TABLES = [
  ["", []],
  ["\n\r\n\n", []],
  ["a", [["a"]]],
  [
    "a,b\n1,2\n",
    [
      ["a", "b"],
      ["1", "2"],
    ],
  ],
  [
    "a,b\r\n1,2\r\n",
    [
      ["a", "b"],
      ["1", "2"],
    ],
  ],
  [
    "a,b\r1,2",
    [
      ["a", "b"],
      ["1", "2"],
    ],
  ],
  ['"a ""b"" c",d', [['a "b" c', "d"]]],
  ['"one\ntwo\r\nthree",x\ny', [["one\ntwo\r\nthree", "x"], ["y"]]],
  ["a\n\n1,2,3\nx,\n", [["a"], ["1", "2", "3"], ["x", ""]]],
  [
    ",\n,,",
    [
      ["", ""],
      ["", "", ""],
    ],
  ],
  ['a"b,"c"d\n', [['a"b', "cd"]]],
  ['""\n"",x', [[""], ["", "x"]]],
  ['"never closed,\nat all', [["never closed,\nat all"]]],
  ["\ufeffa,b", [["a", "b"]]],
  ["é,🎈\n", [["é", "🎈"]]],
];

test("tables are read whatever the pieces they come in", () => {
  for (const [text, rows] of TABLES) {
    for (const piece of [1, 2, 3, 5, 1000])
      assert.deepEqual(parsed(text, piece), rows, JSON.stringify([text, piece]));
  }
  assert.deepEqual(parsed("a\tb,c\n", 2, "\t"), [["a", "b,c"]]);
});

test("a long table is read quickly", () => {
  const text = Array.from({ length: 100_000 }, (_, n) => `${n},"name, ${n}",0.5,x`).join("\n");
  const begin = performance.now();
  const rows = parsed(text, 65_536);
  assert.equal(rows.length, 100_000);
  assert.deepEqual(rows[99_999], ["99999", "name, 99999", "0.5", "x"]);
  assert.ok(performance.now() - begin < 5000);
});

test("values are ordered as people would", () => {
  const values = ["b", "10", "", "9", "a", "-1.5", "1e3"];
  assert.deepEqual(values.sort(compareValues), ["-1.5", "9", "10", "1e3", "a", "b", ""]);
});

test("folders in common are whole folders", () => {
  for (const [names, common] of [
    [[], ""],
    [["output/a.txt"], ""],
    [["output/a.txt", "output/b.txt"], "output/"],
    [["output/a/x", "output/ab/x"], "output/"],
    [["out/a", "output/a"], ""],
    [["a", "a/b"], ""],
    [["é/ü/x", "é/ü/y", "é/z"], "é/"],
  ])
    assert.equal(commonFolders(names), common, String(names));
});

test("a filter's words are all in the name", () => {
  const names = ["plots/Age.png", "tables/age.csv", "log.txt"];
  assert.deepEqual(fitting(names, "AGE"), names.slice(0, 2));
  assert.deepEqual(fitting(names, "csv age"), ["tables/age.csv"]);
  assert.deepEqual(fitting(names, " "), names);
  assert.deepEqual(fitting(names, "["), []);
});

test("names, sizes and addresses", () => {
  assert.equal(encodePath("a b/%?#.txt"), "a%20b/%25%3F%23.txt");
  assert.deepEqual(["a.B.CSV", ".hidden", "x/y.z/w"].map(extension), ["csv", "", ""]);
  assert.deepEqual([0, 1, 1023, 1536, 16_777_216, 1_610_612_736, 2 ** 45].map(sizeInWords), [
    "0 bytes",
    "1 byte",
    "1023 bytes",
    "1.5 KB",
    "16.0 MB",
    "1.5 GB",
    "32768.0 GB",
  ]);
});

test("a text is searched whatever the case", () => {
  assert.deepEqual(places("aAbaa", "AA"), [0, 3]);
  assert.deepEqual(places("aaaa", "aa", 1), [0]);
  assert.deepEqual(places("text", ""), []);
  // Its lower case is longer than it is.
  assert.deepEqual(places("İstanbul x X", "X"), [9, 11]);
  assert.deepEqual(places("a.b(c) AXB", "a.B("), [0]);
});

test("laid out JSON folds where it opens", () => {
  const json = { a: [1, { b: "x: {" }], c: {}, d: [] };
  const tree = folded(JSON.stringify(json, null, 2).split("\n"));
  assert.equal(tree.length, 1);
  const [top] = tree;
  assert.deepEqual([top.text, top.end], ["{", "}"]);
  assert.deepEqual(
    top.inside.map((node) => [node.text, node.inside?.length, node.end]),
    [
      ['"a": [', 2, "],"],
      ['"c": {},', undefined, undefined],
      ['"d": []', undefined, undefined],
    ],
  );
});

test("a report's policy stands before all that it says", () => {
  const meta =
    /^(<!doctype html>)?<meta http-equiv="Content-Security-Policy" content="default-src 'none'; /;
  for (const isModern of [true, false]) {
    const shown = guarded("<h1>a</h1>", isModern);
    assert.match(shown, meta);
    assert.equal(shown.startsWith("<!doctype html>"), isModern);
    assert.ok(shown.endsWith("<h1>a</h1>") && !shown.includes("'self'"));
  }
});

test("what is no list of files is an error", () => {
  const files = [{ name: "a", url: "https://x/a", size: 0 }];
  assert.equal(listed({ files }), files);
  for (const answer of [{}, null, [], { files: {} }, { files: [{}] }, { files: [null] }, "x"])
    assert.throws(() => listed(answer), TypeError);
});

test("a value on one line says what it leaves out", () => {
  assert.equal(onOneLine("as it is"), "as it is");
  assert.equal(onOneLine("two\r\nlines\nor\rmore"), "two ⏎ lines ⏎ or ⏎ more");
  assert.equal(onOneLine("x".repeat(200)), "x".repeat(200));
  assert.equal(onOneLine("x".repeat(201)), `${"x".repeat(200)}…`);
});

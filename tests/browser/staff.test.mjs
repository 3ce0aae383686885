// What staff do in a browser: with scripts, and once without.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { base, follow, look, person, start, stop } from "./site.mjs";

before(start);
after(stop);

test("people are found while their name is typed, and become members with a role", async () => {
  const admin = await person({ username: "demo-admin" });
  const { page } = admin;
  await page.goto("/staff/projects/influenza-vaccine-uptake/add-member/");
  const search = page.getByRole("searchbox", { name: "Name or username" });
  await search.pressSequentially("nobody");
  await page.locator("[data-people-found] label", { hasText: "tom-nobody-yet" }).click();
  await page.locator("[data-people-chosen] label", { hasText: "tom-nobody-yet" }).waitFor();
  await page.getByRole("checkbox", { name: /Project Collaborator/ }).check();
  await look(page, "staff-add-member-chosen");
  await follow(page, page.locator("main form button.btn-primary"));
  await page.waitForURL(`${base}/staff/projects/influenza-vaccine-uptake/`);
  await page.getByRole("link", { name: /tom-nobody-yet/ }).first().waitFor();
  await page.goto("/staff/projects/influenza-vaccine-uptake/audit-log/");
  await page.getByText(/added Tom .*tom-nobody-yet/).first().waitFor();
  await admin.leave();
});

test("a button that takes something away says first what will happen", async () => {
  const admin = await person({ username: "demo-admin" });
  const { page } = admin;
  await page.goto("/staff/projects/influenza-vaccine-uptake/");
  const row = page.locator("tr", { hasText: "tom-nobody-yet" });
  const ask = row.locator("details.ask");
  const opener = ask.locator("summary");
  const dialog = ask.getByRole("dialog", { name: "Remove from the project" });
  const has = (locator) => locator.evaluate((element) => element === document.activeElement);
  await opener.click();
  await dialog.getByRole("heading", { name: "Remove from the project?" }).waitFor();
  await look(page, "staff-ask");
  // The focus is in it and stays there, whichever way one goes.
  const [does, leaves] = [dialog.getByRole("button"), dialog.getByRole("link", { name: "Cancel" })];
  assert.ok(await has(dialog));
  for (const [key, at] of [["Tab", does], ["Tab", leaves], ["Tab", does], ["Shift+Tab", leaves], ["Shift+Tab", does]]) {
    await page.keyboard.press(key);
    assert.ok(await has(at), `${key} leads on within the dialog`);
  }
  // Either way out leads back to the button.
  await page.keyboard.press("Escape");
  assert.ok(await has(opener));
  await dialog.waitFor({ state: "hidden" });
  await opener.click();
  await leaves.click();
  assert.ok(await has(opener));
  await dialog.waitFor({ state: "hidden" });
  await opener.click();
  await follow(page, ask.getByRole("button").last());
  await page.waitForURL(`${base}/staff/projects/influenza-vaccine-uptake/`);
  assert.equal(await page.locator("tr", { hasText: "tom-nobody-yet" }).count(), 0);
  await admin.leave();
});

test("a question is left without scripts, too", async () => {
  const admin = await person({ username: "demo-admin", javaScript: false });
  const { page } = admin;
  await page.goto("/staff/projects/influenza-vaccine-uptake/?find=o#members");
  const ask = page.locator("details.ask").first();
  await ask.locator("summary").click();
  await follow(page, ask.getByRole("link", { name: "Cancel" }));
  assert.equal(page.url(), `${base}/staff/projects/influenza-vaccine-uptake/?find=o`);
  assert.equal(await page.locator("details.ask[open]").count(), 0);
  await admin.leave();
});

test("a dialog is left by its Cancel, and what was typed below it is there", async () => {
  const admin = await person({ username: "demo-admin" });
  const { page } = admin;
  await page.goto("/staff/projects/create/");
  await page.getByLabel("Name", { exact: true }).fill("A study of dialogs");
  const opener = page.getByRole("button", { name: "New organisation" });
  await opener.click();
  const dialog = page.getByRole("dialog", { name: "New organisation" });
  await dialog.waitFor();
  await look(page, "staff-dialog");
  // Refused, it stays open and says why.
  await dialog.getByRole("button", { name: "Create organisation" }).click();
  await dialog.locator("[data-errors]").waitFor();
  // Left while its answer is on its way, it is not opened by that.
  const asked = new Promise((resolve) => page.route("**/staff/orgs/add/**", (route) => resolve(route)));
  await dialog.getByLabel("Name", { exact: true }).fill("");
  await dialog.getByRole("button", { name: "Create organisation" }).click();
  const route = await asked;
  const ended = page.waitForEvent("requestfailed");
  const left = await dialog.evaluate((dialog) => {
    dialog.querySelector("#closeModal").click();
    return [dialog.open, dialog.childElementCount];
  });
  assert.deepEqual(left, [false, 0], "Cancel closes and empties it at once");
  await ended;
  await route.abort().catch(() => {});
  await page.unrouteAll();
  // So it does when nothing is on its way.
  await opener.click();
  await dialog.getByLabel("Name", { exact: true }).fill("Not to be made");
  await dialog.getByRole("link", { name: "Cancel" }).click();
  await dialog.waitFor({ state: "hidden" });
  assert.equal(page.url(), `${base}/staff/projects/create/`);
  assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), "A study of dialogs");
  assert.ok(await opener.evaluate((button) => button === document.activeElement));
  // Saved, it leads on with what was made.
  await opener.click();
  await dialog.getByLabel("Name", { exact: true }).fill("Institute of Dialogs");
  await follow(page, dialog.getByRole("button", { name: "Create organisation" }));
  await page.waitForURL(/[?&]org-slug=institute-of-dialogs/);
  assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), "A study of dialogs");
  assert.equal(await page.locator("#id_orgs option:checked").textContent(), "Institute of Dialogs");
  await admin.leave();
});

test("a backend is made without scripts, and its token is shown once", async () => {
  const admin = await person({ username: "demo-admin", javaScript: false });
  const { page } = admin;
  await page.goto("/staff/backends/add/");
  await follow(page, page.locator("main form button.btn-primary"));
  await page.locator(".summary").waitFor();
  await page.getByLabel("Name", { exact: true }).fill("Made by staff");
  await page.getByLabel(/^Slug/).fill("made-by-staff");
  await follow(page, page.locator("main form button.btn-primary"));
  // A name that is taken, by another test, would be told there.
  assert.equal(await page.locator(".summary").count(), 0);
  const token = (await page.locator("main").innerHTML()).match(/\b[0-9a-f]{40}\b/)?.[0];
  assert.ok(token, "the token is shown");
  await page.goto("/staff/backends/?q=made-by");
  await follow(page, page.getByRole("link", { name: "Made by staff", exact: true }));
  assert.ok(!(await page.content()).includes(token), "and never again");
  const answer = await fetch(`${base}/api/v2/job-requests/`, { headers: { Authorization: token } });
  assert.equal(answer.status, 200);
  await admin.leave();
});

test("two people who edit one project see each other's change", async () => {
  const one = await person({ username: "demo-admin" });
  const other = await person({ username: "demo-admin" });
  const edit = "/staff/projects/influenza-vaccine-uptake/edit/";
  await one.page.goto(edit);
  await other.page.goto(edit);
  const notes = (page) => page.locator("#id_copilot_notes");
  await notes(one.page).fill("Ask about the second dose");
  await follow(one.page, one.page.locator("main form button.btn-primary"));
  await one.page.waitForURL(`${base}/staff/projects/influenza-vaccine-uptake/`);
  await notes(other.page).fill("Ask about the third dose");
  await follow(other.page, other.page.locator("main form button.btn-primary"));
  await other.page.locator(".summary", { hasText: "Ask about the second dose" }).waitFor();
  assert.equal(await notes(other.page).inputValue(), "Ask about the third dose");
  await look(other.page, "staff-overtaken");
  await follow(other.page, other.page.locator("main form button.btn-primary"));
  await other.page.waitForURL(`${base}/staff/projects/influenza-vaccine-uptake/`);
  await one.leave();
  await other.leave();
});

test("a project is renamed, and its old address leads on", async () => {
  const admin = await person({ username: "demo-admin" });
  const { page } = admin;
  const rename = async (from, to) => {
    await page.goto(`/staff/projects/${from}/edit/`);
    await page.locator("#id_slug").fill(to);
    await follow(page, page.locator("main form button.btn-primary"));
    await page.waitForURL(`${base}/staff/projects/${to}/`);
  };
  await rename("influenza-vaccine-uptake", "flu-vaccines");
  await page.goto("/influenza-vaccine-uptake/vaccine-uptake/");
  assert.equal(page.url(), `${base}/flu-vaccines/vaccine-uptake/`);
  await page.goto("/staff/redirects/");
  await look(page, "staff-redirects-one");
  await rename("flu-vaccines", "influenza-vaccine-uptake");
  await page.goto("/flu-vaccines/");
  assert.equal(page.url(), `${base}/influenza-vaccine-uptake/`);
  await admin.leave();
});

test("an alert is looked at before everybody sees it", async () => {
  const admin = await person({ username: "demo-admin" });
  const { page } = admin;
  await page.goto("/staff/site-alerts/add/");
  await page.locator("#id_message").fill("Maintenance <b>tonight</b><script>alert(1)</script>");
  await follow(page, page.getByRole("button", { name: /Preview/ }));
  await page.locator(".staff-preview b, .staff-preview strong").waitFor();
  assert.equal(await page.locator(".staff-preview script").count(), 0);
  await look(page, "staff-alert-preview");
  await follow(page, page.locator("main form button.btn-primary"));
  await page.getByText("Maintenance").first().waitFor();
  await admin.leave();
});

test("a project is made on the way to a new user, and what was typed of them stays", async () => {
  const admin = await person({ username: "demo-admin" });
  const { page } = admin;
  await page.goto("/staff/users/add/");
  const name = page.locator("main > form #id_name");
  await name.fill("Rea Der");
  await page.locator("main > form #id_email").fill("rea@example.org");
  const opens = page.getByRole("button", { name: "New interactive project" });
  const dialog = page.getByRole("dialog");
  await opens.click();
  await dialog.getByRole("link", { name: "Cancel" }).click();
  await dialog.waitFor({ state: "hidden" });
  assert.equal(await page.locator("dialog form").count(), 0);
  await opens.click();
  await dialog.getByRole("button", { name: "Create project" }).click();
  await dialog.locator(".summary").waitFor();
  await look(page, "staff-project-dialog");
  await dialog.getByLabel("Name", { exact: true }).fill("Dialogue");
  await dialog.getByLabel("Take the next number").check();
  await dialog.locator("input[name=orgs]").first().check();
  // What looks for people sends nothing else when it fails, and says so.
  await page.route("**/staff/suggest/people/**", (route) => route.fulfill({ status: 503 }));
  await dialog.getByRole("searchbox").fill("no");
  await dialog.getByText("The server did not take this (503).").waitFor();
  await page.unroute("**/staff/suggest/people/**");
  await dialog.getByRole("searchbox").pressSequentially("body");
  await dialog.locator("[data-people-found] label", { hasText: "tom-nobody-yet" }).click();
  await dialog.getByLabel("Address of the application").fill("https://example.org/apply");
  await dialog.getByRole("button", { name: "Create project" }).click();
  await page.waitForURL(/[?&]project-slug=dialogue/);
  assert.equal(await name.inputValue(), "Rea Der");
  assert.equal(await page.locator("#id_email").inputValue(), "rea@example.org");
  assert.match(await page.locator("#id_project option:checked").innerText(), /Dialogue$/);
  await admin.leave();
});

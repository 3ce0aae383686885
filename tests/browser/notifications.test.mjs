// Being told about one's jobs: the choice in the settings, what the form for jobs says of it, and the
// mails that the development copy keeps.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { follow, look, person, start, stop } from "./site.mjs";

before(start);
after(stop);

const runJobs = "/influenza-vaccine-uptake/vaccine-uptake/run-jobs/";

test("a researcher chooses what to be told about, and the form for jobs says it", async () => {
  const researcher = await person({ username: "demo-researcher" });
  const { page } = researcher;
  await page.locator("[data-menu] summary").click();
  await page.getByRole("link", { name: "Settings" }).click();
  await page.waitForURL(/\/settings\/$/);
  await look(page, "settings");
  await page.getByLabel("Failures only").check();
  await follow(page, page.getByRole("button", { name: "Save what you are told about" }));
  await page.locator(".alert-success").waitFor();
  assert.ok(await page.getByLabel("Failures only").isChecked());
  await look(page, "settings-saved");

  await page.goto(runJobs);
  await page.getByText("You get a mail when a job has failed.").waitFor();
  await look(page, "run-jobs-notify");
  await page.getByRole("link", { name: "Choose what you are told about" }).click();
  await page.waitForURL(/\/settings\/$/);
  await page.getByLabel("Each job").check();
  await follow(page, page.getByRole("button", { name: "Save what you are told about" }));
  await page.locator(".alert-success").waitFor();
  await researcher.leave();
});

test("a choice is also saved without scripts", async () => {
  const researcher = await person({ username: "demo-researcher", javaScript: false });
  const { page } = researcher;
  await page.goto("/settings/");
  for (const choice of ["Nothing", "Each job"]) {
    await page.getByRole("radio", { name: new RegExp(`^${choice}`) }).check();
    await follow(page, page.getByRole("button", { name: "Save what you are told about" }));
    await page.locator(".alert-success").waitFor();
    assert.ok(await page.getByRole("radio", { name: new RegExp(`^${choice}`) }).isChecked());
  }
  await researcher.leave();
});

test("a development copy shows the mails it kept, and lets them do nothing", async () => {
  const developer = await person();
  const { page } = developer;
  // The demonstration's open requests notify, and the demo runner finishes them.
  for (let waited = 0; ; waited++) {
    await page.goto("/dev/mail/");
    if ((await page.locator("main tbody tr").count()) > 0) break;
    assert.ok(waited < 120, "no mail was kept within a minute");
    await page.waitForTimeout(500);
  }
  await look(page, "dev-mails");
  await page.locator("main tbody tr a", { hasText: /^(succeeded|failed): / }).first().click();
  await page.waitForURL(/\/dev\/mail\/.+@.+\/$/);
  const frame = page.frameLocator(".mail-frame");
  await frame.getByRole("heading", { level: 1 }).waitFor();
  await look(page, "dev-mail");
  // What the mail links to opens beside it.
  const [job] = await Promise.all([
    page.context().waitForEvent("page"),
    frame.getByRole("link").first().click(),
  ]);
  await job.waitForURL(/\/\d+\/[a-z2-7]{16}\/$/);
  await job.close();
  await developer.leave();
});

// What people keep about themselves: name, e-mail address, where they are signed in.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { base, follow, look, person, start, stop } from "./site.mjs";

before(start);
after(stop);

test("a new address is asked for, shown as waiting, and cancelled; with the keyboard alone", async () => {
  const researcher = await person({ username: "demo-researcher" });
  const { page } = researcher;
  await page.goto("/settings/");
  const email = page.getByLabel("E-mail address");
  const present = await email.inputValue();
  await email.focus();
  await email.fill("somebody@new.example");
  await page.keyboard.press("Enter");
  await page.getByText("somebody@new.example is waiting for you to confirm it").waitFor();
  assert.equal(await email.inputValue(), present);
  await look(page, "settings-address-asked");
  await page.getByRole("button", { name: "Cancel this change" }).focus();
  await page.keyboard.press("Enter");
  await page.getByText("was cancelled").waitFor();

  await email.fill("no address");
  await page.getByLabel("Name", { exact: true }).fill("");
  await page.getByRole("button", { name: "Save name and address" }).click();
  await page.locator(".summary").waitFor();
  await look(page, "settings-errors");
  await page.locator(".summary a").first().click();
  assert.equal(await page.evaluate(() => document.activeElement?.id), "id_fullname");
  await researcher.leave();
});

test("a link from a mail confirms an address", async () => {
  const researcher = await person({ username: "demo-researcher" });
  const { page } = researcher;
  await page.goto("/settings/");
  const present = await page.getByLabel("E-mail address").inputValue();
  for (const address of ["confirmed@new.example", present]) {
    await page.goto("/settings/");
    await page.getByLabel("E-mail address").fill(address);
    await page.getByRole("button", { name: "Save name and address" }).click();
    await page.getByText(`${address} is waiting for you to confirm it`).waitFor();
    const link = await confirmation(page, address);
    await page.goto(link);
    await page.getByRole("heading", { name: "Is this your address?" }).waitFor();
    await look(page, "confirm-email");
    await page.getByRole("button", { name: "Confirm this address" }).click();
    await page.waitForURL(`${base}/settings/`);
    await page.getByText(`Mail to you goes to ${address} from now on.`).waitFor();
    await page.goto(link);
    await page.getByRole("heading", { name: "This link does not work" }).waitFor();
  }
  await look(page, "confirm-email-used");
  await researcher.leave();
});

// The link in the mail that was kept for this address.
async function confirmation(page, address) {
  for (let waited = 0; ; waited++) {
    await page.goto("/dev/mail/");
    const row = page.locator("main tbody tr", { hasText: address });
    if ((await row.count()) > 0) {
      await row.first().locator("a").first().click();
      await page.waitForURL(/\/dev\/mail\/.+@.+\/$/);
      const link = page.frameLocator(".mail-frame").getByRole("link", { name: "Confirm this address" });
      return link.getAttribute("href");
    }
    assert.ok(waited < 120, `no mail to ${address} within a minute`);
    await page.waitForTimeout(500);
  }
}

test("somebody signs another browser out, and all others, without scripts too", async () => {
  const here = await person({ username: "demo-researcher", javaScript: false });
  const there = await person({ username: "demo-researcher" });
  const elsewhere = await person({ username: "demo-researcher" });
  const { page } = here;
  await page.goto("/settings/");
  const others = page.locator("#sessions li").filter({ hasNotText: "This browser" });
  const count = await others.count();
  assert.ok(count >= 2);
  await follow(page, others.first().getByRole("button", { name: /^Sign out/ }));
  await page.getByText("That browser is signed out.").waitFor();
  assert.equal(await others.count(), count - 1);
  await follow(page, page.getByRole("button", { name: /^Sign out (all|the)/ }));
  await page.getByText(/signed out\./).waitFor();
  assert.equal(await others.count(), 0);
  for (const other of [there, elsewhere]) {
    await other.page.goto("/settings/");
    await other.page.waitForURL(/\/login\/\?next=\/settings\/$/);
    await other.leave();
  }
  await here.leave();
});

test("the settings look right with several sessions", async () => {
  const here = await person({ username: "demo-researcher" });
  const there = await person({ username: "demo-researcher" });
  await here.page.goto("/settings/");
  await look(here.page, "settings-sessions");
  await there.leave();
  await here.leave();
});

// Signing in with what stands for GitHub in a development copy: as anybody, and with every page that trouble leads to.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { follow, look, person, start, stop } from "./site.mjs";

before(start);
after(stop);

// Sets off from the login page, to come back to `next`.
async function setOff(page, next = "/status/") {
  await page.goto(`/login/?next=${next}`);
  await page.getByRole("button", { name: "Sign in with GitHub" }).click();
  await page.waitForURL("**/dev/github/login/oauth/authorize?*");
}

async function choose(page, name, trouble) {
  if (trouble) await page.getByLabel("What goes wrong").selectOption(trouble);
  await page.getByRole("button", { name }).click();
}

for (const javaScript of [true, false]) {
  test(`a newcomer signs in as a demo person${javaScript ? "" : ", without scripts"}`, async () => {
    const visitor = await person({ javaScript });
    const { page } = visitor;
    await setOff(page);
    if (javaScript) await look(page, "dev-github");
    await choose(page, /Amina Osei/);
    await page.waitForURL("**/status/");
    assert.match(await page.locator("body").innerText(), /You are signed in as amina-osei/);
    await visitor.leave();
  });
}

test("somebody new gives a name and is in", async () => {
  const visitor = await person();
  const { page } = visitor;
  await setOff(page, "/settings/");
  await page.getByText("Somebody new").click();
  await follow(page, page.getByRole("button", { name: "Sign in as this person" }));
  await look(page, "dev-github-errors");
  await page.getByLabel("GitHub name").fill(`new-${Date.now()}`);
  await page.getByLabel("Number").fill("");
  await follow(page, page.getByRole("button", { name: "Sign in as this person" }));
  await page.waitForURL("**/enter-your-name/?partial_token=*");
  await look(page, "enter-name");
  await follow(page, page.getByRole("button", { name: "Finish signing in" }));
  await look(page, "enter-name-errors");
  await page.getByRole("textbox", { name: "Your name" }).fill("New Comer");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/settings/");
  assert.match(await page.locator("body").innerText(), /no verified e-mail address/);
  await visitor.leave();
});

const troubles = [
  ["denied", "You did not sign in"],
  ["wrong_state", "This sign-in cannot be finished"],
  ["code_refused", "GitHub did not confirm who you are"],
  ["exchange_fails", "GitHub does not answer"],
  ["secret_refused", "This site cannot use GitHub to sign people in"],
];

test("trouble on the way is explained, and another try leads on", async (t) => {
  const visitor = await person({ silent: true });
  const { page } = visitor;
  for (const [trouble, title] of troubles) {
    await t.test(trouble, async () => {
      await setOff(page);
      await choose(page, /Chiara Ricci/, trouble);
      await page.waitForURL("**/complete/github/?*");
      assert.equal(await page.locator("h1").innerText(), title);
      await look(page, `login-failed-${trouble}`);
    });
  }
  await setOff(page);
  await choose(page, /Chiara Ricci/, "denied");
  await page.getByRole("button", { name: "Try again with GitHub" }).click();
  await choose(page, /Chiara Ricci/);
  await page.waitForURL("**/status/");
  await setOffSignedIn(page);
  await visitor.leave();
});

// Whoever is signed in and comes back as somebody else stays who they are.
async function setOffSignedIn(page) {
  await page.evaluate(() => {
    const form = document.createElement("form");
    form.method = "post";
    form.action = "/login/github/";
    document.body.append(form);
    form.submit();
  });
  await page.waitForURL("**/dev/github/login/oauth/authorize?*");
  await choose(page, /Hana Sato/);
  await page.waitForURL("**/complete/github/?*");
  assert.equal(await page.locator("h1").innerText(), "You are signed in as somebody else");
  await look(page, "login-failed-somebody-else");
  await page.getByRole("main").getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL("**/");
}

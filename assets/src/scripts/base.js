import "./palette.js";
import { startModals } from "../modules/modal.js";
import { startRelativeTimes } from "./relative-time.js";

/** The theme switch: "system" forgets the choice. */
function startThemeSwitch() {
  const root = document.documentElement;
  const buttons = [...document.querySelectorAll("[data-theme-choice]")];
  const show = () => {
    const current = root.dataset.theme ?? "system";
    for (const b of buttons)
      b.setAttribute("aria-pressed", String(b.dataset.themeChoice === current));
  };
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const choice = button.dataset.themeChoice;
      if (choice === "system") delete root.dataset.theme;
      else root.dataset.theme = choice;
      try {
        if (choice === "system") localStorage.removeItem("theme");
        else localStorage.setItem("theme", choice);
      } catch {
        // Not remembered, still applied.
      }
      show();
    });
  }
  show();
}

/** Says a short message to screen readers. */
function announce(text) {
  const region = document.querySelector("[data-announce]");
  if (region) region.textContent = text;
}

async function copy(button) {
  await navigator.clipboard.writeText(button.dataset.copy);
  button.dataset.copied = "";
  announce("Copied");
  setTimeout(() => delete button.dataset.copied, 2000);
}

// One listener for all, so that parts replaced by a live update keep working.
document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element)) return;
  const copyButton = event.target.closest("[data-copy]");
  if (copyButton) {
    copy(copyButton).catch(() => announce("Could not copy"));
    return;
  }
  const dismiss = event.target.closest("[data-dismiss]");
  if (dismiss) {
    dismiss.closest(".alert")?.remove();
    document.querySelector("main")?.focus({ preventScroll: true });
    return;
  }
  const closer = event.target.closest("[data-close]");
  if (closer) {
    // Where there are no scripts, some are links to the same page.
    event.preventDefault();
    closeMenu(closer.closest("details"));
    return;
  }
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

function closeMenu(menu) {
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary")?.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const host of document.querySelectorAll(".tip-host:is(:hover, :focus-within)")) {
    host.dataset.quiet = "";
    const speak = () => delete host.dataset.quiet;
    host.addEventListener("pointerleave", speak, { once: true });
    host.addEventListener("focusout", speak, { once: true });
  }
  const menus = [...document.querySelectorAll("details[data-menu][open]")];
  closeMenu(menus.find((menu) => menu.contains(document.activeElement)) ?? menus[0]);
});

/** After a refused form the summary of errors is read first. */
function focusErrors() {
  document.querySelector("[data-errors]:not([data-example] *)")?.focus();
}

startThemeSwitch();
startModals();
startRelativeTimes();
focusErrors();

import htmx from "htmx.org/dist/htmx.esm.js";
import { startBulk } from "../modules/bulk.js";
import { startDialogs } from "../modules/dialog.js";
import { startFiles } from "../modules/files.js";

// The pages' policy allows no inline style and no evaluation; what htmx would need them for is not used.
htmx.config.includeIndicatorStyles = false;
htmx.config.allowEval = false;
htmx.config.selfRequestsOnly = true;
htmx.config.historyEnabled = false;
htmx.config.attributesToSettle = ["class"];
// What arrives works from the moment it is seen: nothing here moves into its place.
htmx.config.defaultSettleDelay = 0;

// On a wide screen the way around is always open.
const wide = window.matchMedia("(min-width: 64rem)");
for (const menu of document.querySelectorAll("[data-staff-menu]")) {
  const fit = () => {
    menu.open = wide.matches;
  };
  wide.addEventListener("change", fit);
  fit();
}

// On a narrow screen the filters wait under a line of words, unless one is in use.
const roomy = window.matchMedia("(min-width: 40rem)");
for (const filters of document.querySelectorAll("[data-staff-fit]")) {
  const fit = () => {
    filters.open = roomy.matches || "used" in filters.dataset;
  };
  roomy.addEventListener("change", fit);
  fit();
}

// A person who is ticked among those found stays, whatever is looked for next.
document.addEventListener("change", (event) => {
  const found = event.target.closest("[data-people-found]");
  if (!found || !event.target.checked) return;
  const chosen = found.closest("[data-people]").querySelector("[data-people-chosen]");
  chosen.append(event.target.closest("label"));
});

startBulk();
startFiles();
startDialogs(htmx);

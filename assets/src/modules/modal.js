/**
 * What opens over the page from a button of it (`details.modal`): the focus goes into it and stays there until it is
 * closed, by its way out or by Escape, which base.js sees to. Without scripts the way out is a link to the same page.
 */
const REACHED =
  "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";

const reached = (body) =>
  [...body.querySelectorAll(REACHED)].filter((one) => !one.disabled && one.checkVisibility());

export function startModals() {
  // A toggle does not bubble.
  document.addEventListener(
    "toggle",
    ({ target }) => {
      const body =
        target.matches("details.modal[open]") && target.querySelector(":scope > .modal-body");
      if (!body) return;
      body.tabIndex = -1;
      body.setAttribute("aria-modal", "true");
      body.focus();
    },
    true,
  );

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Tab") return;
    const body = document.activeElement?.closest("details.modal[open] > .modal-body");
    if (!body) return;
    const all = reached(body);
    const [from, to] = event.shiftKey ? [all.at(0), all.at(-1)] : [all.at(-1), all.at(0)];
    const leaves =
      document.activeElement === from || (event.shiftKey && document.activeElement === body);
    if (!to || !leaves) return;
    event.preventDefault();
    to.focus();
  });
}

/**
 * A form of another page, over this one: a button fetches it, its Cancel closes it, and nothing typed here is lost by
 * either. Without scripts the button sends the form and Cancel is a link, there and back.
 */
export function startDialogs(htmx) {
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    const cancel = event.target.closest("dialog #closeModal");
    if (cancel) {
      event.preventDefault();
      const dialog = cancel.closest("dialog");
      dialog.close();
      empty(dialog);
      emptied.add(dialog);
    }
  });

  // A form that comes into a dialog opens it, and what is wrong or first in it is looked at.
  htmx.onLoad((loaded) => {
    const dialog = loaded.closest("dialog.staff-dialog");
    if (!dialog || !loaded.querySelector("form")) return;
    if (!dialog.open) dialog.showModal();
    (loaded.querySelector("[data-errors]") ?? loaded.querySelector(".input"))?.focus();
  });

  // A dialog that is part of the page keeps nothing: the next time its form is asked for anew. Its Cancel empties it
  // at once; that it was closed is told later, and by then it may hold the next form.
  const emptied = new WeakSet();
  const empty = (dialog) => {
    // An answer that is still on its way opens nothing.
    for (const form of dialog.querySelectorAll("form")) htmx.trigger(form, "htmx:abort");
    dialog.replaceChildren();
  };
  document.addEventListener(
    "close",
    ({ target }) => {
      if (target.matches("dialog.staff-dialog") && !emptied.delete(target)) empty(target);
    },
    true,
  );

  // What was made is on the page that comes next, which is loaded whole.
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const place = event.detail.xhr.getResponseHeader("HX-Location");
    if (!place) return;
    event.preventDefault();
    window.location.assign(JSON.parse(place).path);
  });

  // What goes wrong is said where it was tried, and everything typed stays as it is.
  for (const trouble of ["htmx:responseError", "htmx:sendError"])
    document.addEventListener(trouble, ({ target, detail }) => {
      if (target.matches(TRIED)) complain(target, detail.xhr.status);
    });
  document.addEventListener("htmx:beforeRequest", ({ target }) => complaintOf(target)?.remove());
}

/** What is sent by htmx: forms in dialogs, what opens them, and what looks for people. */
const TRIED = "dialog.staff-dialog form, :is(a, button)[hx-get], [data-people] input";

const COMPLAINTS = {
  0: "The server cannot be reached.",
  401: "You are signed out. Sign in in another tab of this browser.",
};

const complaintOf = (tried) =>
  tried.nextElementSibling?.matches("[data-complaint]") ? tried.nextElementSibling : undefined;

function complain(tried, status) {
  const said = document.createElement("p");
  said.className = "field-error";
  said.dataset.complaint = "";
  said.setAttribute("role", "alert");
  said.textContent = `${COMPLAINTS[status] ?? `The server did not take this (${status}).`} What you typed is still here: try again then.`;
  complaintOf(tried)?.remove();
  tried.after(said);
  said.scrollIntoView({ block: "nearest" });
}

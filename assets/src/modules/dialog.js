/**
 * A form of another page, over this one: a link with `data-dialog` opens it, its Cancel closes it, and nothing typed
 * here is lost by either. Without scripts both are links, there and back.
 */
export function startDialogs(htmx) {
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    const cancel = event.target.closest("dialog #closeModal");
    if (cancel) {
      event.preventDefault();
      cancel.closest("dialog").close();
      return;
    }
    const link = event.target.closest("a[data-dialog]");
    // Whoever asks for another tab gets one.
    const isPlain = !(event.button || event.ctrlKey || event.metaKey || event.shiftKey);
    if (!link || !isPlain) return;
    event.preventDefault();
    open(htmx, link);
  });

  // A form that comes into a dialog opens it, and what is wrong or first in it is looked at.
  htmx.onLoad((loaded) => {
    const dialog = loaded.closest("dialog.staff-dialog");
    if (!dialog || !loaded.querySelector("form")) return;
    if (!dialog.open) dialog.showModal();
    (loaded.querySelector("[data-errors]") ?? loaded.querySelector(".input"))?.focus();
  });

  // A dialog that is part of the page keeps nothing: the next time its form is asked for anew.
  document.addEventListener(
    "close",
    (event) => {
      if (event.target.matches("dialog.staff-dialog")) event.target.replaceChildren();
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

  // An answer that is no form is a page: the browser sends it again, and shows that page.
  for (const trouble of ["htmx:responseError", "htmx:sendError"]) {
    document.addEventListener(trouble, (event) => {
      const { target } = event;
      if (target.matches("button[hx-get]")) target.form.requestSubmit(target);
      else target.closest("dialog.staff-dialog form")?.submit();
    });
  }
}

async function open(htmx, link) {
  const dialog = document.createElement("dialog");
  dialog.className = "staff-dialog";
  dialog.setAttribute("aria-label", link.textContent.trim());
  const body = document.createElement("div");
  body.dataset.dialogBody = "";
  dialog.append(body);
  dialog.addEventListener("close", () => {
    dialog.remove();
    link.focus();
  });
  document.body.append(dialog);
  try {
    await htmx.ajax("GET", link.href, { target: body, swap: "innerHTML" });
  } catch {
    // Told below: there is no form.
  }
  if (!body.querySelector("form")) {
    dialog.remove();
    window.location.assign(link.href);
  }
}

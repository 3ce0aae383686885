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

  document.addEventListener("htmx:afterSwap", (event) => {
    const body = event.target.closest("[data-dialog-body]");
    if (!body) return;
    rename(body);
    body.querySelector("[data-errors]")?.focus();
  });

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
      event.target.closest("[data-dialog-body] form")?.submit();
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
  if (body.querySelector("form")) {
    dialog.showModal();
  } else {
    dialog.remove();
    window.location.assign(link.href);
  }
}

/** The page may have fields of the same names, so those of the dialog get ids of their own. */
function rename(body) {
  const own = (id) => `dialog-${id}`;
  for (const part of body.querySelectorAll("[id]:not(#closeModal)")) part.id = own(part.id);
  for (const name of ["for", "aria-describedby", "aria-labelledby"]) {
    for (const part of body.querySelectorAll(`[${name}]`)) {
      const ids = part.getAttribute(name).split(" ");
      part.setAttribute(name, ids.map(own).join(" "));
    }
  }
  for (const link of body.querySelectorAll('a[href^="#"]')) {
    link.setAttribute("href", `#${own(link.getAttribute("href").slice(1))}`);
  }
}

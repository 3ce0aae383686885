/**
 * A file that is larger than what is taken of it (`data-most`, in bytes) is told as soon as it is chosen, and its form
 * stays where it is: everything typed would only travel there and back.
 */
export function startFiles() {
  document.addEventListener("change", ({ target }) => {
    if (target.matches("input[type=file][data-most]")) say(target);
  });
  document.addEventListener(
    "submit",
    (event) => {
      const files = [...event.target.querySelectorAll("input[type=file][data-most]")];
      const large = files.filter(say)[0];
      if (!large) return;
      event.preventDefault();
      event.stopPropagation();
      large.focus();
    },
    true,
  );
}

/** Says whether what is chosen is too large, also to whoever sees it. */
function say(input) {
  const most = Number(input.dataset.most);
  const isLarge = [...input.files].some((file) => file.size > most);
  const said = input.parentElement.querySelector("[data-too-large]");
  if (!isLarge) said?.remove();
  if (isLarge) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
  if (!isLarge || said) return isLarge;
  const told = document.createElement("p");
  told.className = "field-error";
  told.dataset.tooLarge = "";
  told.setAttribute("role", "alert");
  told.textContent = `This file is larger than ${most / 1024 / 1024} MiB. Choose a smaller one.`;
  input.before(told);
  return true;
}

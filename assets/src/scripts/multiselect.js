/** A long list of ticks gets a field that searches it, says how many are chosen and keeps to the most allowed. */
function start(field) {
  const search = field.querySelector("[data-multiselect-search]");
  const count = field.querySelector("[data-multiselect-count]");
  const options = [...field.querySelectorAll("label")];
  const ticks = options.map((option) => option.querySelector("input"));
  const most = Number(field.dataset.maxItems ?? Number.POSITIVE_INFINITY);

  const tell = () => {
    const chosen = ticks.filter((tick) => tick.checked).length;
    const isFull = chosen >= most;
    for (const tick of ticks) tick.disabled = isFull && !tick.checked;
    count.textContent = isFull
      ? `${chosen} chosen, which is the most that you can choose`
      : `${chosen} chosen`;
  };
  search.addEventListener("input", () => {
    const wanted = search.value.trim().toLowerCase();
    for (const option of options)
      option.hidden = !option.textContent.toLowerCase().includes(wanted);
  });
  // Enter in a field of a form would send the form.
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
  field.addEventListener("change", tell);
  tell();
}

for (const field of document.querySelectorAll("[data-multiselect]")) start(field);

/**
 * What is done with ticked rows: the bar is there while some are, and says with how many. That number is sent along, so
 * that nobody is asked twice; without scripts a page asks first.
 */
export function startBulk() {
  for (const bar of document.querySelectorAll("[data-bulk]")) follow(bar);
}

function follow(bar) {
  const form = document.getElementById("bulk");
  const boxes = [...document.getElementsByName(bar.dataset.bulk)].filter(
    (box) => box.form === form,
  );
  const all = document.querySelector("[data-tick-all]");
  const sure = document.createElement("input");
  sure.type = "hidden";
  sure.name = "sure";
  form.append(sure);
  const count = () => {
    const ticked = boxes.filter((box) => box.checked).length;
    bar.hidden = ticked === 0;
    sure.value = ticked;
    all.checked = ticked === boxes.length;
    all.indeterminate = ticked > 0 && !all.checked;
    bar.querySelector("[data-bulk-ticked]").textContent = `${ticked} ticked:`;
    for (const words of bar.querySelectorAll("[data-bulk-words]")) {
      const { bulkWords, one, many, end = "" } = words.dataset;
      words.textContent = `${bulkWords} ${ticked} ${ticked === 1 ? one : many}${end}`;
    }
  };
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    count();
  });
  for (const box of boxes) box.addEventListener("change", count);
  // A page that is gone back to has its ticks still.
  window.addEventListener("pageshow", count);
  count();
}

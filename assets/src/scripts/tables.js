/** What a cell sorts by. */
function key(row, column, type) {
  const cell = row.cells[column];
  const text = cell?.dataset.sortValue ?? cell?.querySelector("time")?.dateTime ?? "";
  const value = text || (cell?.textContent.trim() ?? "");
  if (type === "number") return Number.parseFloat(value.replaceAll(",", "")) || 0;
  if (type === "date") return Date.parse(value) || 0;
  return value;
}

function compare(one, other) {
  if (typeof one === "number") return one - other;
  return one.localeCompare(other, "en-GB", { numeric: true });
}

/** Headings that sort become buttons; the one that sorts now says so, as does its arrow. */
function makeSortable(table) {
  const body = table.tBodies[0];
  const headings = [...table.tHead.rows[0].cells].filter((cell) => cell.dataset.sort);
  for (const heading of headings) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sorter";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const isUp = heading.getAttribute("aria-sort") !== "ascending";
      for (const other of headings) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", isUp ? "ascending" : "descending");
      const column = heading.cellIndex;
      const keyed = [...body.rows].map((row) => [key(row, column, heading.dataset.sort), row]);
      keyed.sort(([one], [other]) => (isUp ? 1 : -1) * compare(one, other));
      body.append(...keyed.map(([, row]) => row));
    });
  }
}

/** Rows stay that hold what the table's field says. */
function show(table, search) {
  const wanted = search.value.trim().toLowerCase();
  for (const row of table.tBodies[0].rows)
    row.hidden = !row.textContent.toLowerCase().includes(wanted);
}

for (const table of document.querySelectorAll("table[data-sortable]")) makeSortable(table);
for (const search of document.querySelectorAll("[data-table-search]"))
  search.addEventListener("input", () =>
    show(document.getElementById(search.dataset.tableSearch), search),
  );

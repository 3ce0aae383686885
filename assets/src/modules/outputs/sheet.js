/*
 * A table of any length: all rows are in memory and those in sight on the page. Rows are all as high, so that where
 * one stands is known without drawing those above it.
 */
import { CsvParser, compareValues } from "./csv.js";
import { element, thousands } from "./names.js";

/** More rows are higher together than what browsers can scroll. */
export const MOST_ROWS = 400_000;
const MOST_COLUMNS = 200;
/** In pixels; the style sheet says the same. */
const ROW = 28;
const BEYOND = 12;
/** Letters of a value that are drawn. */
const LETTERS = 200;

/** Reads the rows of an answer; nothing when there are more than can be shown. */
export async function rowsOf(response, delimiter) {
  const parser = new CsvParser(delimiter);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const rows = [];
  for (;;) {
    const { done, value } = await reader.read();
    for (const row of done ? parser.end() : parser.push(value)) rows.push(row);
    if (rows.length > MOST_ROWS) {
      await reader.cancel();
      return undefined;
    }
    if (done) return rows;
  }
}

/** How wide the columns are, in letters, by the first rows. */
export function widths(rows, columns) {
  const found = Array(columns).fill(3);
  for (const row of rows.slice(0, 200)) {
    for (const [index, value] of row.entries())
      if (index < columns) found[index] = Math.max(found[index], Math.min(value.length, 40));
  }
  return found;
}

export class Sheet {
  #scroll;
  #body;
  #head;
  #rows;
  #order;
  #columns;
  #shown = [-1, -1];
  #sorted = { column: -1, by: 1 };
  #name;

  /** Fills `scroll`, which scrolls by itself. `rows` begins with the head. */
  constructor(scroll, rows, name) {
    [this.#head = [], ...this.#rows] = rows;
    this.#name = name;
    this.#scroll = scroll;
    this.#order = this.#rows.map((_, index) => index);
    this.#columns = Math.min(
      rows.reduce((most, row) => Math.max(most, row.length), 0),
      MOST_COLUMNS,
    );
    this.#build(rows);
    scroll.addEventListener("scroll", () => this.#draw(), { passive: true });
    new ResizeObserver(() => this.#draw(true)).observe(scroll);
    this.#draw(true);
  }

  get summary() {
    const plural = (n, word) => `${thousands(n)} ${word}${n === 1 ? "" : "s"}`;
    return `${plural(this.#rows.length, "row")} below the first, ${plural(this.#columns, "column")}`;
  }

  #build(rows) {
    const table = element("table", "sheet sheet-live", element("caption", "sr-only", this.#name));
    table.setAttribute("aria-rowcount", String(this.#rows.length + 1));
    const group = element("colgroup");
    const number = element("col");
    const digits = String(this.#rows.length).length;
    number.style.width = `calc(${digits + 1}ch + 1.5rem)`;
    group.append(number);
    for (const width of widths(rows, this.#columns)) {
      const column = element("col");
      column.style.width = `calc(${width + 3}ch + 1.5rem)`;
      group.append(column);
    }
    const line = element(
      "tr",
      "",
      element("td", "sheet-number", element("span", "sr-only", "Row")),
    );
    line.setAttribute("aria-rowindex", "1");
    for (let index = 0; index < this.#columns; index += 1) {
      const button = element("button", "sheet-sort", this.#head[index] || `Column ${index + 1}`);
      button.type = "button";
      button.addEventListener("click", () => this.sort(index));
      const cell = element("th", "", button);
      cell.scope = "col";
      line.append(cell);
    }
    this.#body = element("tbody");
    table.append(group, element("thead", "", line), this.#body);
    this.#scroll.replaceChildren(table);
    this.#scroll.scrollTop = 0;
  }

  /** By a column: up, then down, then as it was. */
  sort(column) {
    const { column: before, by } = this.#sorted;
    const next = before !== column ? 1 : by === 1 ? -1 : 0;
    this.#sorted = next === 0 ? { column: -1, by: 1 } : { column, by: next };
    this.#order = this.#rows.map((_, index) => index);
    if (next !== 0)
      this.#order.sort((a, b) => {
        const [x, y] = [this.#rows[a][column], this.#rows[b][column]];
        // What is empty stays last.
        if (!x || !y) return compareValues(x, y) || a - b;
        return next * compareValues(x, y) || a - b;
      });
    const cells = this.#scroll.querySelectorAll("thead th");
    for (const [index, cell] of cells.entries()) {
      if (index === column && next !== 0)
        cell.setAttribute("aria-sort", next === 1 ? "ascending" : "descending");
      else cell.removeAttribute("aria-sort");
    }
    this.#scroll.scrollTop = 0;
    this.#draw(true);
  }

  #draw(isForced = false) {
    const count = this.#order.length;
    const visible = Math.ceil(this.#scroll.clientHeight / ROW);
    const first = Math.max(0, Math.floor(this.#scroll.scrollTop / ROW) - BEYOND);
    const last = Math.min(count, first + visible + 2 * BEYOND);
    const [from, to] = this.#shown;
    if (!isForced && from === first && to === last) return;
    this.#shown = [first, last];
    const lines = this.#order
      .slice(first, last)
      .map((row, index) => this.#line(row, first + index));
    this.#body.replaceChildren(this.#gap(first), ...lines, this.#gap(count - last));
  }

  #gap(rows) {
    const cell = element("td");
    const gap = element("tr", "sheet-gap", cell);
    gap.setAttribute("aria-hidden", "true");
    gap.style.height = `${rows * ROW}px`;
    gap.hidden = rows === 0;
    return gap;
  }

  #line(index, place) {
    const number = element("th", "sheet-number", thousands(index + 1));
    number.scope = "row";
    const line = element("tr", "", number);
    line.setAttribute("aria-rowindex", String(place + 2));
    const row = this.#rows[index];
    for (let column = 0; column < this.#columns; column += 1) {
      const value = row[column] ?? "";
      const cell = element("td", "", value.slice(0, LETTERS));
      if (value.length > 20) cell.title = value.slice(0, 2000);
      line.append(cell);
    }
    return line;
  }
}

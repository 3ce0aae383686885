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
/** Letters of a value that are drawn, and of a column that is as wide as they get. */
const LETTERS = 200;
const WIDEST = 40;

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
      if (index < columns) found[index] = Math.max(found[index], Math.min(value.length, WIDEST));
  }
  return found;
}

/** A value on one line: its line breaks are signs, and what is too long ends in one. */
export function onOneLine(value) {
  const cut = value.length > LETTERS ? `${value.slice(0, LETTERS)}…` : value;
  return cut.replace(/\r\n|\r|\n/g, " ⏎ ");
}

export class Sheet {
  #scroll;
  #body;
  #value;
  #widths;
  #head;
  #rows;
  #order;
  /** Of the widest row, and those that are drawn. */
  #width;
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
    this.#width = rows.reduce((most, row) => Math.max(most, row.length), 0);
    this.#columns = Math.min(this.#width, MOST_COLUMNS);
    this.#widths = widths(rows, this.#columns);
    this.#build();
    scroll.addEventListener("scroll", () => this.#draw(), { passive: true });
    new ResizeObserver(() => this.#draw(true)).observe(scroll);
    this.#draw(true);
  }

  get summary() {
    const plural = (n, word) => `${thousands(n)} ${word}${n === 1 ? "" : "s"}`;
    const note =
      this.#width > this.#columns
        ? `, of which the first ${thousands(this.#columns)} are shown`
        : "";
    return `${plural(this.#rows.length, "row")} below the first, ${plural(this.#width, "column")}${note}.`;
  }

  #build() {
    const table = element("table", "sheet sheet-live", element("caption", "sr-only", this.#name));
    table.setAttribute("aria-rowcount", String(this.#rows.length + 1));
    const group = element("colgroup");
    const number = element("col");
    const digits = String(this.#rows.length).length;
    number.style.width = `calc(${digits + 1}ch + 1.5rem)`;
    group.append(number);
    for (const width of this.#widths) {
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
    this.#value = element("div", "sheet-value");
    this.#value.setAttribute("role", "status");
    this.#scroll.after(this.#value);
  }

  /** Shows the whole of a value below the table. */
  #open(row, column) {
    const name = this.#head[column] || `Column ${column + 1}`;
    const close = element("button", "btn btn-small", "Close");
    close.type = "button";
    close.addEventListener("click", () => {
      this.#value.replaceChildren();
      this.#scroll.focus();
    });
    const text = element("pre", "code code-wrap", this.#rows[row][column]);
    text.tabIndex = 0;
    const title = element("strong", "", `Row ${thousands(row + 1)}, ${name}`);
    this.#value.replaceChildren(element("div", "sheet-value-head", title, close), text);
    this.#value.scrollIntoView({ block: "nearest" });
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
      line.append(this.#cell(value, index, column));
    }
    return line;
  }

  /** What does not fit its place is a button that shows the whole. */
  #cell(value, row, column) {
    const text = onOneLine(value);
    if (value.length <= this.#widths[column] && text === value) return element("td", "", value);
    const button = element("button", "sheet-whole", text);
    button.type = "button";
    button.title = "Show the whole value";
    button.addEventListener("click", () => this.#open(row, column));
    return element("td", "", button);
  }
}

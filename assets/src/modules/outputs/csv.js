/*
 * Reads tables of separated values piece by piece. Quotes count at the start of a value only, line breaks may stand
 * within them, rows may have any number of values, and empty lines are none: as the server reads them.
 */

const QUOTE = 34;
const CR = 13;
const LF = 10;

export class CsvParser {
  #delimiter;
  #rest = "";
  #isFirst = true;

  constructor(delimiter = ",") {
    this.#delimiter = delimiter.charCodeAt(0);
  }

  /** The rows that end within what was given so far. */
  push(text) {
    const all = this.#rest + (this.#isFirst ? text.replace(/^\ufeff/, "") : text);
    if (text) this.#isFirst = false;
    return this.#read(all, false);
  }

  /** The last row, which may have no line break. */
  end() {
    const all = this.#rest;
    return this.#read(all, true);
  }

  #read(text, isEnd) {
    const rows = [];
    const length = text.length;
    let row = [];
    let rowStart = 0;
    let at = 0;
    while (at < length) {
      let value = "";
      if (text.charCodeAt(at) === QUOTE) {
        at += 1;
        for (;;) {
          const quote = text.indexOf('"', at);
          if (quote < 0) {
            if (!isEnd) return this.#wait(text, rowStart, rows);
            value += text.slice(at);
            at = length;
            break;
          }
          // Whether a second one follows is not known yet.
          if (quote + 1 === length && !isEnd) return this.#wait(text, rowStart, rows);
          value += text.slice(at, quote);
          at = quote + 1;
          if (text.charCodeAt(at) !== QUOTE) break;
          value += '"';
          at += 1;
        }
      }
      const start = at;
      let code = 0;
      while (at < length) {
        code = text.charCodeAt(at);
        if (code === this.#delimiter || code === LF || code === CR) break;
        at += 1;
      }
      if (at === length && !isEnd) return this.#wait(text, rowStart, rows);
      value += text.slice(start, at);
      const isEmptyLine = row.length === 0 && at === rowStart && code !== this.#delimiter;
      if (!isEmptyLine) row.push(value);
      if (at < length && code === this.#delimiter) {
        at += 1;
        // A delimiter at the very end is followed by an empty value.
        if (at === length && isEnd) row.push("");
        if (at < length || isEnd) continue;
        return this.#wait(text, rowStart, rows);
      }
      if (row.length) rows.push(row);
      row = [];
      at += 1;
      rowStart = at;
    }
    if (row.length) rows.push(row);
    this.#rest = "";
    return rows;
  }

  /** What is begun and not ended is read again with what comes next. */
  #wait(text, from, rows) {
    this.#rest = text.slice(from);
    return rows;
  }
}

/** How two values are ordered: numbers by size, before texts; what is empty comes last. */
export function compareValues(a = "", b = "") {
  if (a === "" || b === "") return (a === "") - (b === "");
  const x = Number(a);
  const y = Number(b);
  const areNumbers = [!Number.isNaN(x), !Number.isNaN(y)];
  if (areNumbers[0] && areNumbers[1]) return x - y;
  if (areNumbers[0] !== areNumbers[1]) return areNumbers[0] ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

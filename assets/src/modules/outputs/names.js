/* Names of files: what they have in common, which fit a filter, how their addresses are written. */

/** The folders that all have in common, with a slash at the end; empty for fewer than two. */
export function commonFolders(names) {
  if (names.length < 2) return "";
  let common = names[0].slice(0, names[0].lastIndexOf("/") + 1);
  for (const name of names) {
    while (!name.startsWith(common))
      common = common.slice(0, common.lastIndexOf("/", common.length - 2) + 1);
  }
  return common;
}

/** Those whose name holds every word of the filter, whatever their case. */
export function fitting(names, filter) {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  return names.filter((name) => {
    const lower = name.toLowerCase();
    return words.every((word) => lower.includes(word));
  });
}

/** A name with its folders as the end of an address. */
export const encodePath = (name) => name.split("/").map(encodeURIComponent).join("/");

/** The last extension, in lower case. */
export function extension(name) {
  const base = name.slice(name.lastIndexOf("/") + 1);
  const dot = base.lastIndexOf(".");
  return dot > 0 ? base.slice(dot + 1).toLowerCase() : "";
}

/** A size as people read it, in units of 1,024. */
export function sizeInWords(bytes) {
  if (!Number.isFinite(bytes)) return "size unknown";
  if (bytes === 1) return "1 byte";
  if (bytes < 1024) return `${bytes} bytes`;
  const units = ["KB", "MB", "GB"];
  const unit = Math.min(Math.floor(Math.log2(bytes) / 10), units.length);
  return `${(bytes / 1024 ** unit).toFixed(1)} ${units[unit - 1]}`;
}

export const thousands = (number) => number.toLocaleString("en-GB");

/** An element with a class and what is in it; text stays text. */
export function element(name, className, ...content) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...content);
  return made;
}

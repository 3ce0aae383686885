/**
 * The words for how long ago a moment was, the same as the server's: one unit, rounded down, "just now" under 10 seconds.
 * @param {Date} then
 * @param {number} now milliseconds
 */
export function relative(then, now) {
  const seconds = Math.round((now - then.getTime()) / 1000);
  const size = Math.abs(seconds);
  if (size < 10) return "just now";
  const units = [
    ["year", 31536000],
    ["month", 2592000],
    ["week", 604800],
    ["day", 86400],
    ["hour", 3600],
    ["minute", 60],
    ["second", 1],
  ];
  const [unit, length] = units.find(([, each]) => size >= each);
  const n = Math.floor(size / length);
  const words = `${n} ${unit}${n === 1 ? "" : "s"}`;
  return seconds < 0 ? `in ${words}` : `${words} ago`;
}

export function updateRelativeTimes() {
  const now = Date.now();
  for (const time of document.querySelectorAll("time[data-relative]")) {
    const text = relative(new Date(time.dateTime), now);
    if (time.textContent !== text) time.textContent = text;
  }
}

/** Keeps the relative times of the page true while it is looked at. */
export function startRelativeTimes() {
  updateRelativeTimes();
  setInterval(() => {
    if (!document.hidden) updateRelativeTimes();
  }, 15000);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) updateRelativeTimes();
  });
}

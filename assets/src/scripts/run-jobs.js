/*
 * The page on which jobs are asked for: how each action last ended on the chosen backend, how many are selected.
 * Names of actions may hold any character, so they are compared as data and never put into a selector.
 */
const form = document.querySelector("[data-run-jobs]");

const shapes = {
  succeeded: ["success", "succeeded", "Succeeded"],
  failed: ["danger", "failed", "Failed"],
  running: ["running", "running", "Running"],
  pending: ["waiting", "pending", "Pending"],
};

function statusElement(status) {
  const [tone, symbol, word] = shapes[status] ?? ["neutral", "unknown", status];
  const span = document.createElement("span");
  span.className = `status status-${tone}`;
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#s-${symbol}`);
  svg.append(use);
  span.append(svg, word);
  return span;
}

function start() {
  const slots = [...form.querySelectorAll("[data-action]")];
  const boxes = [...form.querySelectorAll("input[name='requested_actions']")];
  const count = form.querySelector("[data-selected-count]");
  const chosen = () => form.querySelector("input[name='backend']:checked")?.value;
  let latest = 0;

  function say(slot, ...content) {
    slot.replaceChildren(...content);
  }

  async function refresh() {
    const backend = chosen();
    const turn = ++latest;
    if (!backend) {
      for (const slot of slots) say(slot, "");
      return;
    }
    for (const slot of slots) if (!slot.hasChildNodes()) say(slot, "Loading");
    let statuses = null;
    try {
      const url = new URL(form.dataset.statusesUrl, location.href);
      url.searchParams.set("backend", backend);
      const answer = await fetch(url, { headers: { Accept: "application/json" } });
      if (answer.ok) statuses = new Map(Object.entries(await answer.json()));
    } catch {
      // Said below: the form works without the earlier statuses.
    }
    // An answer that was overtaken by a later question is dropped.
    if (turn !== latest) return;
    for (const slot of slots) {
      if (!statuses) say(slot, "Could not be loaded");
      else if (statuses.has(slot.dataset.action)) {
        say(slot, statusElement(statuses.get(slot.dataset.action)));
      } else say(slot, "Never run");
    }
  }

  function showCount() {
    count.textContent = `${boxes.filter((box) => box.checked).length} selected`;
  }

  form.addEventListener("change", (event) => {
    if (event.target.name === "backend") {
      for (const slot of slots) say(slot);
      refresh();
    }
    showCount();
  });
  for (const button of form.querySelectorAll("[data-select]")) {
    button.addEventListener("click", () => {
      const on = button.dataset.select === "all";
      // run_all stands for every other action, so it is not one of "all".
      for (const box of boxes) box.checked = on && box.value !== "run_all";
      showCount();
    });
  }
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) refresh();
  });
  // Coming back with the browser's button shows the form as it was left.
  addEventListener("pageshow", showCount);
  refresh();
  showCount();
}

if (form) start();

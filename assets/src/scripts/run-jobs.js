/*
 * The page on which jobs are asked for: how each action last ended on the chosen backend, and what the choice would run.
 * Names of actions may hold any character, so they are compared as data and never put into a selector.
 */
import { plan } from "../modules/plan.js";

const form = document.querySelector("[data-run-jobs]");

const shapes = {
  succeeded: ["success", "succeeded", "Succeeded"],
  failed: ["danger", "failed", "Failed"],
  running: ["running", "running", "Running"],
  pending: ["waiting", "pending", "Pending"],
};

const shapeOf = (status) =>
  shapes[status.toLowerCase()] ?? ["neutral", "other", status || "Unknown"];

function svgElement(name, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

function element(name, className, ...content) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...content);
  return made;
}

function statusElement(status) {
  const [tone, symbol, word] = shapeOf(status);
  const svg = svgElement("svg", { "aria-hidden": "true" });
  svg.append(svgElement("use", { href: `#s-${symbol}` }));
  return element("span", `status status-${tone}`, svg, word);
}

const countOf = (number) => `${number} ${number === 1 ? "action" : "actions"}`;

function start() {
  const lines = [...form.querySelectorAll("[data-action]")];
  const boxes = [...form.querySelectorAll("input[name='requested_actions']")];
  const force = form.querySelector("input[name='force_run_dependencies']");
  const ofAll = [...form.querySelectorAll(".picks [data-plan]")];
  const ofChoice = form.querySelector("[data-plan-of-choice]");
  const count = form.querySelector("[data-selected-count]");
  const planCount = form.querySelector("[data-plan-count]");
  const nodes = [...form.querySelectorAll(".graph-node")];
  const paths = [...form.querySelectorAll(".graph-lines path")];
  const actions = boxes.filter((box) => box.dataset.needs);
  const needs = new Map(actions.map((box) => [box.value, JSON.parse(box.dataset.needs)]));
  const stale = new Set(actions.filter((box) => "stale" in box.dataset).map((box) => box.value));
  const chosen = () => form.querySelector("input[name='backend']:checked")?.value;
  let latest = 0;

  /** How each action last ended on a backend, as far as the page knows. */
  function statusesOn(backend) {
    const there = lines.filter((line) => line.dataset.backend === backend && line.dataset.stored);
    return new Map(there.map((line) => [line.dataset.action, line.dataset.stored]));
  }

  function fill(root, found) {
    for (const part of root.querySelectorAll("[data-plan-part]")) {
      const value = found?.[part.dataset.planPart];
      part.hidden = Array.isArray(value) ? value.length === 0 : !value;
      const names = Array.isArray(value) ? value : [];
      part
        .querySelector("ul")
        ?.replaceChildren(...names.map((name) => element("li", "", element("code", "", name))));
    }
  }

  function planned(backend, selected, isForced) {
    const found = plan(needs, statusesOn(backend), selected, isForced);
    const runs = new Set([...found.selected, ...found.needed]);
    const nothing = runs.size === 0 && found.refused.length === 0;
    const isStale = (name) => stale.has(name) && (runs.has(name) || selected.has(name));
    return { ...found, runs: runs.size, nothing, stale: [...needs.keys()].filter(isStale) };
  }

  const isDone = (statuses, name) => statuses.get(name)?.toLowerCase() === "succeeded";

  /** The picture says the same as the list: how the actions ended, and which are selected. */
  function draw(statuses, selected) {
    for (const path of paths) {
      path.classList.toggle("graph-done", isDone(statuses, path.dataset.from));
    }
    for (const node of nodes) {
      const name = node.querySelector("title").textContent;
      const status = statuses.get(name);
      const [tone, symbol, word] = status === undefined ? ["", "", ""] : shapeOf(status);
      const classes = [
        "graph-node",
        tone && `graph-${tone}`,
        selected.has(name) && "graph-selected",
      ];
      node.setAttribute("class", classes.filter(Boolean).join(" "));
      const shape = symbol
        ? svgElement("use", { href: `#s-${symbol}`, x: 8, y: 8, width: 16, height: 16 })
        : svgElement("circle", { cx: 16, cy: 16, r: 4 });
      node.querySelector("use, circle")?.replaceWith(shape);
      const all = needs.get(name) ?? [];
      const told =
        all.length === 0 ? "nothing" : all.length > 10 ? countOf(all.length) : all.join(", ");
      node.setAttribute("aria-label", `${name}${word && `: ${word.toLowerCase()}`}, needs ${told}`);
    }
  }

  function show() {
    const backend = chosen();
    const selected = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    // Without a choice all backends are told of, each with its name.
    for (const line of lines) line.hidden = Boolean(backend) && line.dataset.backend !== backend;
    for (const root of ofAll) {
      root.hidden = Boolean(backend) && root.dataset.plan !== backend;
      fill(root, planned(root.dataset.plan, new Set(["run_all"]), false));
    }
    const found =
      backend && selected.size > 0
        ? planned(backend, selected, force.checked)
        : { hint: true, runs: 0 };
    fill(ofChoice, found);
    planCount.textContent = found.runs > 0 ? countOf(found.runs) : "";
    const willRun = found.hint ? "" : `, ${countOf(found.runs)} will run`;
    count.textContent = `${selected.size} selected${willRun}`;
    draw(statusesOn(backend), selected);
  }

  async function refresh() {
    const backend = chosen();
    const turn = ++latest;
    if (!backend) return;
    let statuses = null;
    try {
      const url = new URL(form.dataset.statusesUrl, location.href);
      url.searchParams.set("backend", backend);
      const answer = await fetch(url, { headers: { Accept: "application/json" } });
      if (answer.ok) statuses = new Map(Object.entries(await answer.json()));
    } catch {
      // What the page came with stays: the form works with it.
    }
    // An answer that was overtaken by a later question is dropped.
    if (turn !== latest || !statuses) return;
    for (const line of lines) {
      const status = statuses.get(line.dataset.action);
      if (line.dataset.backend !== backend || status === undefined) continue;
      if (status === line.dataset.stored) continue;
      // When it ran and how long it took were of an earlier job.
      line.dataset.stored = status;
      line.replaceChildren(statusElement(status));
    }
    show();
  }

  form.addEventListener("change", (event) => {
    show();
    if (event.target.name === "backend") refresh();
  });
  for (const button of form.querySelectorAll("[data-select]")) {
    button.addEventListener("click", () => {
      const on = button.dataset.select === "all";
      // run_all stands for every other action, so it is not one of "all"; nor is what the filter hides.
      for (const box of boxes) {
        if (!box.closest("li").hidden) box.checked = on && box.value !== "run_all";
      }
      show();
    });
  }
  const filter = form.querySelector("[data-pick-filter]");
  filter?.addEventListener("input", () => {
    const wanted = filter.value.trim().toLowerCase();
    let shown = 0;
    for (const box of boxes) {
      const isShown = box.value.toLowerCase().includes(wanted);
      box.closest("li").hidden = !isShown;
      if (isShown) shown += 1;
    }
    form.querySelector("[data-pick-found]").textContent = wanted ? `${shown} found` : "";
  });
  // Enter in this field looks for an action, and sends nothing.
  filter?.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) refresh();
  });
  // Coming back with the browser's button shows the form as it was left.
  addEventListener("pageshow", show);
  refresh();
  show();
}

if (form) start();

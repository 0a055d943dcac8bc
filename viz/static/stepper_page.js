// What stands around the picture: buttons, scrubber, mathematics, tables, help.

import { fmt, nameOf } from "./stepper_math.js";
import { stepAt } from "./stepper_trace.js";

export function h(tag, attrs = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(attrs)) {
    if (key === "onclick") made.onclick = value;
    else if (key === "style") made.style.cssText = value; // a page's policy may forbid the attribute
    else if (value !== false && value !== null) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

const MATH = "http://www.w3.org/1998/Math/MathML";
const TAGS = new Set(["mi", "mn", "mo", "mtext", "mrow", "mfrac", "msup", "msub", "msqrt", "mroot"]);
const SPECIAL = {
  word: ["mi", { mathvariant: "normal" }], dot: ["mo", { lspace: "0", rspace: "0" }], blank: ["mi", { class: "mg-blank" }],
};

// Tokens as an element: text stays text, and there are no elements but these.
function element([kind, ...inside]) {
  const [tag, attributes] = SPECIAL[kind] || [TAGS.has(kind) ? kind : "mrow", {}], made = document.createElementNS(MATH, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...inside.map((part) => (Array.isArray(part) ? element(part) : String(part))));
  return made;
}

// A line of mathematics.
export function mathml(tokens) {
  const made = document.createElementNS(MATH, "math");
  made.setAttribute("displaystyle", "true");
  made.append(element(["mrow", ...tokens]));
  return made;
}

export const KEYS = [
  ["→ ←", "step, step back"], ["Shift →", "over all contributions of this value"],
  ["↑ ↓", "select result or operand"], ["Shift ↑ ↓", "select in this column"],
  ["Space", "play or pause"], ["< >", "slower, faster"], ["Home End", "to the start, to the end"], ["b", "to the backward pass"],
  [".", "to the next breakpoint"], ["Enter", "open the box; set or remove a breakpoint"],
  ["f", "fold or unfold"], ["e", "try another number for the selected leaf"], ["s", "sweep that leaf"], ["r", "Python's numbers again"], ["q", "quiz"],
  ["+ − 0", "zoom in, out, the whole picture"], ["/", "find by name"], ["?", "this help"],
];

// Icons drawn here: the media signs are missing from many fonts.
const ICONS = {
  home: "M3 2v12M13 2L5 8l8 6z", back: "M14 8H3M7 4L3 8l4 4", next: "M2 8h11M9 4l4 4-4 4", end: "M13 2v12M3 2l8 6-8 6z",
  over: "M2 11c0-9 12-9 12 0M14 11l-3-3M14 11l1-5", play: "M4 2l9 6-9 6z", backward: "M14 4H6a4 4 0 000 8h8M9 9l-3 3 3 3",
  pause: "M4 2h3v12H4zM9 2h3v12H9z", resume: "M2 2l6 6-6 6zM11 8a2.5 2.5 0 105 0 2.5 2.5 0 00-5 0",
};

export function icon(name) {
  const box = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  box.setAttribute("viewBox", "0 0 16 16");
  box.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  box.append(path);
  return box;
}

export function panel(el, stepper) {
  const { t } = stepper, ui = { buttons: {} };
  const button = (key, label, keys, action, face) => {
    const made = h("button", { type: "button", class: `mg-button mg-${key}`, title: `${label} (${keys})`, "aria-label": label }, face || icon(key));
    made.onclick = action;
    return (ui.buttons[key] = made);
  };
  const act = (key) => () => stepper.act[key]();
  ui.where = h("span", { class: "mg-where" });
  ui.score = h("span", { class: "mg-score" });
  const bar = h("div", { class: "mg-bar", role: "toolbar", "aria-label": "Steps" },
    button("home", "To the start", "Home", act("Home")), button("back", "Step back", "←", act("ArrowLeft")),
    button("play", "Play", "Space", act(" ")), button("speed", `Play speed ${stepper.rate}×`, "< >", () => stepper.speed(), `${stepper.rate}×`), button("next", "Next step", "→", act("ArrowRight")),
    button("over", "Step over the value", "Shift →", act("S-ArrowRight")), button("end", "To the end", "End", act("End")),
    button("backward", "To the backward pass", "b", act("b")), button("resume", "Continue to the next breakpoint", ".", act(".")),
    button("fold", "Fold or unfold", "f", act("f"), "Fold"), button("quiz", "Quiz", "q", act("q"), "Quiz"),
    button("help", "Keys", "?", act("?"), "?"), ui.where, ui.score);
  ui.buttons.quiz.setAttribute("aria-pressed", "false");
  ui.buttons.help.setAttribute("aria-expanded", "false");
  ui.range = h("input", { type: "range", min: 0, max: t.total, step: 1, value: 0, "aria-label": "Step" });
  ui.fill = h("div", { class: "mg-fill" });
  ui.ticks = h("div", { class: "mg-ticks" });
  const cut = (100 * t.seed) / t.total;
  ui.scrub = h("div", { class: "mg-scrub" },
    h("div", { class: "mg-track" }, ui.fill, h("div", { class: "mg-divider", style: `left:${cut}%` })), ui.ticks, ui.range,
    h("span", { class: "mg-side", style: `left:${cut / 2}%` }, cut > 12 ? "forward" : ""),
    h("span", { class: "mg-side", style: `left:${(100 + cut) / 2}%` }, cut < 88 ? "backward" : ""));
  ui.way = h("div", { class: "mg-way" });
  ui.graph = h("div", { class: "mg-graph", tabindex: "0", role: "group", "aria-label": "Computation graph" });
  ui.crumbs = h("div", { class: "mg-crumbs" });
  ui.tried = h("div", { class: "mg-triedline", hidden: true });
  ui.chosen = h("div", { class: "mg-card mg-chosen", hidden: true });
  ui.math = h("div", { class: "mg-math" });
  ui.source = h("div", { class: "mg-source" });
  ui.quiz = h("div", { class: "mg-quizbox", hidden: true });
  ui.changes = h("div", { class: "mg-card mg-changes" });
  ui.leaves = h("div", { class: "mg-card mg-leaves" });
  ui.live = h("div", { class: "mg-live-region", "aria-live": "polite", role: "status" });
  ui.help = h("div", { class: "mg-keys", hidden: true },
    h("dl", {}, ...KEYS.flatMap(([key, text]) => [h("dt", {}, key), h("dd", {}, text)])),
    h("p", { class: "mg-dim" }, "Click a value or a box to select it, double click a box to open it. Drag moves the picture, the wheel with Ctrl or ⌘ and two fingers zoom; " +
      "after a click on the picture the wheel alone does, and one finger moves it. The panel below the picture has the value's breakpoint, and for a leaf " +
      "another number: type or drag it, and every value and gradient follows. Blue is read, orange is changed. " +
      "○ no gradient yet, ◐ more to come, ● finished."));
  ui.check = verdict(stepper);
  const style = h("style");
  style.textContent = stepper.host.css || "";
  ui.root = h("div", { class: "mg-stepper", tabindex: "0", role: "group", "aria-label": "Backpropagation stepper: arrow keys step, question mark for help", "data-lm-suppress-shortcuts": "true" },
    bar, ui.scrub, ui.help, ...ui.check, ...(t.passes ? [h("p", { class: "mg-passes" }, t.passes)] : []), ui.tried, ui.way, ui.graph, ui.crumbs, ui.chosen, ui.quiz, ui.math, ui.source,
    h("div", { class: "mg-cards" }, ui.changes, ui.leaves), ui.live);
  el.replaceChildren(style, ui.root);
  return ui;
}

// What the check found: a line, and behind it each problem with a way to its value.
function verdict(stepper) {
  const { t } = stepper, { check } = t;
  const marked = Object.entries(t.marks).flatMap(([i, found]) => found.map((message) => [Number(i), message]));
  if (!check) return [];
  if (check.ok) return [h("p", { class: "mg-found mg-dim" }, `✓ ${check.said}`)];
  const rows = marked.slice(0, 20).map(([i, message]) => {
    const to = h("button", { type: "button", class: "mg-chip" }, nameOf(t, i));
    to.onclick = () => stepper.dispatch({ type: "select", thing: stepper.tree.item[i] });
    return h("li", {}, to, ` ${message}`);
  });
  const more = marked.length - rows.length;
  if (more > 0) rows.push(h("li", { class: "mg-dim" }, `and ${more.toLocaleString("en")} more`));
  return [h("details", { class: "mg-found", open: marked.length <= 5 }, h("summary", {}, `⚠ ${check.said}`), h("ul", {}, ...rows))];
}

// The line that made the value at work, or its own _backward; and what the check found of it.
export function source({ t, ui }, step) {
  const code = step?.kind === "backward" ? t.lines?.[t.code?.[step.node]] : null;
  const text = code || (step && t.lines?.[t.line?.[step.node]]);
  ui.source.replaceChildren(...(text ? [h("span", { class: "mg-dim" }, code ? "its _backward" : "made by"), h("code", {}, text)] : []));
  const marks = step ? t.marks[step.node] || [] : [];
  ui.source.append(...marks.map((m) => h("p", { class: "mg-mark" }, `⚠ ${nameOf(t, step.node)}: ${m}`)));
}

function table(title, heads, rows, more) {
  const line = (cells, tag) => h("tr", {}, ...cells.map((cell) => {
    const made = h(tag, tag === "th" ? { scope: "col" } : {});
    made.append(...[].concat(cell));
    return made;
  }));
  const body = rows.length ? [h("table", {}, h("caption", {}, title), h("thead", {}, line(heads, "th")), h("tbody", {}, ...rows.map((row) => line(row, "td"))))]
    : [h("p", { class: "mg-title" }, title)];
  if (more > 0) body.push(h("p", { class: "mg-dim" }, `and ${more.toLocaleString("en")} more`));
  return body;
}

const MOST = 8;

// The table of what this move changed, and the gradients the leaves have so far.
export function tables(stepper, near) {
  const { t, run, ui } = stepper, { from } = stepper.state;
  const first = near.box >= 0 ? from : Math.max(0, run.p - 1);
  const list = run.p - first > 1 ? summary(t, run, first) : run.p ? [change(t, run.p - 1)] : [];
  const rows = list.slice(0, MOST).map((c) => [nameOf(t, c.i), c.what, c.old === null ? "·" : fmt(c.old), `→ ${fmt(c.now)}`]);
  ui.changes.replaceChildren(...table("Changed by this step", ["value", "what", "old", "new"], rows, (list.total ?? list.length) - rows.length));
  leaves(stepper);
}

function change(t, k) {
  const step = stepAt(t, k), i = step.changed;
  if (step.kind === "forward") return { i, what: "data", old: null, now: t.data[i] };
  if (step.kind === "seed") return { i, what: "grad", old: 0, now: 1 };
  return { i, what: "grad", old: step.before, now: step.after };
}

// Many steps in one: each value once, those that moved most first. The run stands at the last of them.
function summary(t, run, first) {
  t.seen ||= new Uint8Array(t.n);
  t.old ||= new Float64Array(t.n);
  const { seen, old } = t, list = new Uint32Array(run.p - first), back = first > t.seed;
  let count = 0;
  for (let k = first; k < run.p; k++) {
    const c = k - t.seed - 1, i = back ? t.cArg[c] : k < t.seed ? t.forward[k] : t.root;
    if (seen[i]) continue;
    seen[i] = 1;
    old[i] = back ? t.cBefore[c] : 0;
    list[count++] = i;
  }
  const now = back ? run.grad : t.data, top = [];
  for (let at = 0; at < count; at++) {
    const i = list[at];
    seen[i] = 0;
    const size = (t.named[i] ? 1e9 : 1) * Math.abs(now[i] - old[i]) || 0;
    if (top.length === MOST && size <= top[MOST - 1].size) continue;
    top.push({ i, size, what: back ? "grad" : "data", old: back ? old[i] : null, now: now[i] });
    top.sort((a, b) => b.size - a.size);
    top.length = Math.min(top.length, MOST);
  }
  return Object.assign(top, { total: count });
}

function leaves(stepper) {
  const { t, run, ui } = stepper;
  stepper.leafList ||= Array.from({ length: t.n }, (_, i) => i).filter((i) => t.when[i] < 0);
  let list = stepper.leafList.filter((i) => run.got[i]);
  const total = list.length;
  if (total > 12) {
    // Named ones first, then by size: a short list out of what may be thousands.
    const top = [];
    const rank = (i) => (t.named[i] ? 1e9 : 1) * Math.abs(run.grad[i]) || 0;
    for (const i of list) {
      if (top.length === 12 && rank(i) <= rank(top[11])) continue;
      top.push(i);
      top.sort((a, b) => rank(b) - rank(a));
      if (top.length > 12) top.pop();
    }
    list = top;
  }
  const mark = (status) => ({ partial: "◐", finished: "●" })[status];
  const state = (i) => h("span", { role: "img", "aria-label": run.status(i), title: run.status(i) }, mark(run.status(i)) || "");
  ui.leaves.replaceChildren(...table("Leaf gradients so far", ["leaf", "data", "grad", "state"],
    list.map((i) => [nameOf(t, i), fmt(t.data[i]), fmt(run.grad[i]), state(i)]), total - list.length));
  if (!total) ui.leaves.append(h("p", { class: "mg-dim" }, "none yet"));
}

// Is the host dark? Its own word if it has one, else the colour behind us, else the system's wish.
export function dark(el) {
  const { body, documentElement: html } = document;
  const jupyter = body.dataset.jpThemeLight;
  if (jupyter) return jupyter === "false";
  const kind = body.dataset.vscodeThemeKind || html.getAttribute("theme") || html.dataset.theme || "";
  if (/dark|black/.test(kind) || /(^|\s|-)dark(\s|$|-)/.test(`${html.className} ${body.className}`)) return true;
  if (/light/.test(kind)) return false;
  for (let at = el; at; at = at.parentElement) {
    const rgb = getComputedStyle(at).backgroundColor.match(/[\d.]+/g)?.map(Number);
    if (rgb && (rgb.length < 4 || rgb[3] > 0.5)) return 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2] < 128;
  }
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

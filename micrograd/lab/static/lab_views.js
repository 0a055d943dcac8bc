// The tabs: what each view of a run looks like. What a person had there (step, boxes, selection, scroll) stays while the program changes.

import { mount } from "./stepper.js";
import { mount as watched } from "./training.js";
import { h } from "./stepper_page.js";
import { drawn } from "./lab_drawing.js";

export const KINDS = ["graph", "stepper", "steps", "check", "train"]; // what is asked of Python; the output comes by itself

const note = (text) => h("p", { class: "lab-note" }, text);

function table(head, rows) {
  const line = (cells, tag) => h("tr", {}, ...cells.map((cell) => h(tag, tag === "th" ? { scope: "col" } : {}, cell)));
  return h("div", { class: "lab-scroll" }, h("table", {}, h("thead", {}, line(head, "th")), h("tbody", {}, ...rows.map((row) => line(row, "td")))));
}

export class Views {
  // panels: { kind: element }; host: what the stepper tells (see its `on`)
  constructor(panels, host) {
    this.panels = panels;
    this.host = host;
    this.shown = {}; // the data of each view that is seen
    this.walker = null;
    this.wanted = null; // the stepper's state out of a link, until there is a stepper
  }

  show(view) {
    const { kind } = view, el = this.panels[kind];
    if (!el) return;
    el.classList.remove("lab-old");
    if (view.nothing !== undefined && view.nothing !== null) {
      if (kind === "stepper") this.leave();
      this.shown[kind] = null;
      return el.replaceChildren(note(view.nothing));
    }
    this.shown[kind] = view;
    if (kind === "stepper") this.walk(el, view.data);
    else this[kind](el, view);
  }

  clear() {
    for (const kind of KINDS) this.show({ kind, nothing: "nothing has run" });
  }

  old() {
    for (const kind of KINDS) this.panels[kind].classList.toggle("lab-old", !!this.shown[kind]);
  }

  graph(el, { svg }) {
    const made = drawn(svg), { scrollLeft, scrollTop } = el.firstElementChild ?? {};
    if (!made) return el.replaceChildren(note("The drawing cannot be read."));
    const box = h("div", { class: "lab-picture", tabindex: "0", role: "group", "aria-label": made.getAttribute("aria-label") ?? "Graph" });
    box.append(made);
    el.replaceChildren(box);
    box.scrollTo(scrollLeft ?? 0, scrollTop ?? 0);
  }

  steps(el, { lines, more }) {
    const list = h("ol", { class: "lab-steps" });
    for (const line of lines) list.append(h("li", {}, line));
    el.replaceChildren(h("div", { class: "lab-scroll" }, list), ...(more > 0 ? [note(`and ${more.toLocaleString("en")} more`)] : []));
  }

  check(el, { said, ok, head, rows, note: more }) {
    el.replaceChildren(h("p", { class: ok ? "lab-good" : "lab-bad" }, `${ok ? "✓" : "⚠"} ${said}`),
      ...(rows.length ? [table(head, rows)] : []), ...(more ? [note(more)] : []));
  }

  train(el, { data, said }) {
    const at = this.training?.at, last = this.training && at === this.training.shots.length - 1;
    el.replaceChildren(h("div"));
    this.training = watched(el.firstElementChild, data, { css: "" }) ?? el.firstElementChild.training;
    el.firstElementChild.setAttribute("aria-label", said);
    if (this.training?.shots && at !== undefined && !last) this.training.goto(Math.min(at, this.training.shots.length - 1));
  }

  // ------------------------------------------------------------ the stepper

  leave() {
    if (this.walker) this.wanted = this.state;
    this.walker?.destroy();
    this.walker = null;
  }

  get state() { return this.walker ? kept(this.walker) : this.wanted; }

  // The stepper's whole state, out of a link; it is there at once, or as soon as there is a stepper.
  restore(state) {
    this.wanted = state;
    if (this.walker && this.shown.stepper) { this.leave(); this.wanted = state; this.show(this.shown.stepper); }
  }

  walk(el, data) {
    const wanted = this.walker ? kept(this.walker) : this.wanted;
    this.walker?.destroy();
    if (el.firstElementChild?.className !== "lab-stepper") el.replaceChildren(h("div", { class: "lab-stepper" }));
    this.walker = mount(el.firstElementChild, data, { css: "", on: this.host });
    if (wanted) put(this.walker, wanted);
    this.wanted = null;
  }
}

// What a person has in a stepper, by names, as plain data; and put into another one.
function kept({ run, t, tree, state }) {
  const name = (x) => (x < 0 ? null : tree.isBox(x) ? `[${tree.name[x - tree.n]}]` : t.names[x] || t.auto[x]);
  return {
    step: run.p === t.total && t.total ? "end" : run.p, zoom: state.zoom, selected: name(state.selected),
    open: tree.parent.length ? tree.name.filter((_, g) => tree.open[g]) : [], boxes: tree.name.slice(0, 2000),
  };
}

function put(stepper, { step, zoom, selected, open, boxes }) {
  const { tree, t, state } = stepper;
  if (Array.isArray(open) && Array.isArray(boxes)) {
    tree.name.forEach((name, g) => { if (boxes.includes(name)) tree.open[g] = open.includes(name) ? 1 : 0; });
    tree.refresh();
  }
  if (Number.isFinite(zoom)) state.zoom = Math.max(0.3, Math.min(4, zoom));
  if (typeof selected === "string") {
    const box = tree.name.findIndex((name) => `[${name}]` === selected);
    for (let i = 0; box < 0 && i < t.n; i++) if ((t.names[i] || t.auto[i]) === selected) state.selected = tree.item[i];
    if (box >= 0) state.selected = tree.n + box;
  }
  stepper.rebuild();
  stepper.goto(step === "end" ? t.total : Number.isFinite(step) ? step : 0);
}

// The tabs: what each view of a run looks like. What a person had there (step, boxes, selection, scroll) stays while the program changes.

import { mount } from "./stepper.js";
import { mount as watched } from "./training.js";
import { h } from "./stepper_page.js";
import { Viewport, buttons, key } from "./viewport.js";
import { drawn } from "./lab_drawing.js";
import { Compare } from "./lab_compare.js";
import { Doctor } from "./lab_doctor.js";

export const KINDS = ["graph", "stepper", "steps", "check", "doctor", "compare", "train"]; // what is asked of Python; the output comes by itself

const note = (text) => h("p", { class: "lab-note" }, text);

function table(head, rows) {
  const line = (cells, tag) => h("tr", {}, ...cells.map((cell) => h(tag, tag === "th" ? { scope: "col" } : {}, cell)));
  return h("div", { class: "lab-scroll" }, h("table", {}, h("thead", {}, line(head, "th")), h("tbody", {}, ...rows.map((row) => line(row, "td")))));
}

export class Views {
  // panels: { kind: element }; ask(kind): a view is wished for in another way; goto(line): a line of the program is looked at
  constructor(panels, ask, goto) {
    this.panels = panels;
    this.shown = {}; // the data of each view that is seen
    this.walker = null; // the stepper
    this.comparing = new Compare(panels.compare, () => ask("compare"));
    this.doctoring = new Doctor(panels.doctor, () => ask("doctor"), goto);
    this.wanted = null; // its state out of a link, until it is there
  }

  show(view) {
    const { kind } = view, el = this.panels[kind];
    if (!el) return;
    el.classList.remove("lab-old");
    if (kind === "compare") this.comparing.take(view);
    if (view.nothing !== undefined && view.nothing !== null) {
      this.shown[kind] = null;
      const still = kind === "stepper" && this.walker ? [this.room] : []; // it waits, with all that the person had
      for (const room of still) room.hidden = true;
      if (kind === "compare") return this.comparing.nothing(note(view.nothing));
      if (kind === "doctor") return this.doctoring.nothing(note(view.nothing));
      return el.replaceChildren(note(view.nothing), ...still);
    }
    this.shown[kind] = view;
    if (kind === "stepper") this.walk(el, view.data);
    else this[kind](el, view);
  }

  // For another program: nothing of the old one is kept.
  forget() {
    this.walker?.destroy();
    this.walker = this.room = this.training = this.wanted = null;
    for (const kind of KINDS) this.show({ kind, nothing: "nothing has run" });
  }

  old() {
    for (const kind of KINDS) this.panels[kind].classList.toggle("lab-old", !!this.shown[kind]);
  }

  graph(el, { svg }) {
    const made = drawn(svg);
    if (!made) return el.replaceChildren(note("The drawing cannot be read."));
    if (!this.picture?.holder.isConnected) {
      const holder = h("div", { class: "lab-picture", tabindex: "0", role: "group" });
      el.replaceChildren(holder);
      this.picture = new Viewport(holder, null, { first: 0.44 }); // the first example whole in a window of 1200 px
      const button = (face, label, keys, action) => {
        const one = h("button", { type: "button", class: "lab-button", title: `${label} (${keys})`, "aria-label": label }, face);
        one.onclick = action;
        return one;
      };
      holder.before(h("div", { class: "lab-zoom" }, ...buttons(this.picture, button)));
      holder.addEventListener("keydown", (event) => { if (key(this.picture, event, true)) event.preventDefault(); });
    }
    const { holder } = this.picture;
    holder.setAttribute("aria-label", made.getAttribute("aria-label") ?? "Graph");
    holder.querySelector(":scope > svg")?.remove();
    holder.prepend(made);
    this.picture.take(made);
    return made;
  }

  compare(el, view) { this.comparing.show(view); }

  doctor(el, view) { this.doctoring.show(view); }

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

  walk(el, data) {
    this.room ??= h("div", { class: "lab-stepper" });
    this.room.hidden = false;
    if (el.childElementCount !== 1 || el.firstElementChild !== this.room) el.replaceChildren(this.room);
    if (this.walker) return this.walker.update(data);
    this.walker = mount(this.room, data, { css: "" });
    return this.put();
  }

  // What a person has in the stepper, as plain data.
  get state() { return this.walker?.state ?? this.wanted?.state ?? null; }

  // A state out of a link, and the step that the link names: at once, or as soon as there is a stepper.
  restore(state, step) {
    this.wanted = { state, step };
    if (this.walker) this.put();
  }

  put() {
    const { state, step } = this.wanted ?? {};
    this.wanted = null;
    if (state) this.walker.dispatch({ type: "state", state });
    if (step !== undefined) this.walker.dispatch({ type: "step", step });
  }
}

// The stepper: one trace, one page. mount(el, data, host) builds it and returns a handle: update, state, dispatch, destroy.

import { Run, decode, recompute, stepAt, workAt } from "./stepper_trace.js";
import { Tree } from "./stepper_tree.js";
import { at, carried, fresh, reduce, stopsAt } from "./stepper_state.js";
import { active, scene } from "./stepper_scene.js";
import { Picture } from "./stepper_draw.js";
import { counted, fmt, lines, nameOf, sentence, signOf } from "./stepper_math.js";
import { KEYS, dark, h, mathml, panel, source, tables } from "./stepper_page.js";
import { Chosen, tried } from "./stepper_chosen.js";
import { play, speed } from "./stepper_play.js";
import { Quiz } from "./stepper_ask.js";
import { close, listen } from "./stepper_keys.js";
import { way } from "./stepper_way.js";

const FORMAT = 3;
let made = 0;

export class Stepper {
  static mount = mount;

  constructor(el, data, host = {}) {
    this.host = host;
    this.root = el;
    this.rate = 1; // of playing
    this.uid = `mg${++made}-${Math.random().toString(36).slice(2, 8)}`;
    this.load(data, ({ t }) => fresh(t));
    this.dispatch({ type: "step", step: data.at || 0 }, true);
  }

  // Another graph for the same person: what they had stays, by names.
  update(data) {
    this.chosen.settle();
    const old = { walk: { t: this.t, tree: this.tree }, state: this.state }, place = this.picture.view.state;
    const inside = this.ui.root.contains(document.activeElement), playing = this.timer;
    this.leave();
    let step = 0;
    this.load(data, (walk) => {
      const state = carried(old, walk);
      step = state.step;
      return { ...state, step: 0 };
    });
    this.still = true;
    this.dispatch({ type: "step", step }, true);
    this.still = false;
    this.picture.view.state = place;
    if (playing) this.play(true);
    if (inside) this.ui.root.focus({ preventScroll: true });
  }

  load(data, begin) {
    this.t = decode(data);
    this.run = new Run(this.t);
    this.tree = new Tree(this.t);
    this.state = begin({ t: this.t, tree: this.tree });
    this.tree.show(this.state.open);
    this.leafList = null;
    recompute(this.t, this.state.leaves);
    this.ui = panel(this.root, this);
    this.picture = new Picture(this.ui.graph, this.t, this.tree, this);
    this.chosen = new Chosen(this);
    this.find = way(this);
    this.quiz = new Quiz(this, this.state.quiz);
    this.listen();
    this.ui.help.hidden = !this.state.help;
    this.rebuild();
    this.show();
    this.ticks();
    tried(this);
  }

  // ------------------------------------------------------------ actions

  // Whatever anybody does comes through here: a key, a button, a host, a link.
  dispatch(action, quiet = false) {
    this.chosen.settle();
    const old = this.state;
    let state = reduce(old, action, this);
    const held = state.step === old.step ? state.step : this.quiz.limit(state.step); // an open question holds the walk
    if (held !== state.step) state = at(this, { ...state, step: old.step, from: old.from }, held);
    if (state !== old) {
      this.state = state;
      this.changed(old);
    }
    if (this.quiz.waiting) this.show();
    if (action.type === "resume") this.say(stopsAt(this, state, state.step) ? "Breakpoint. " : "", true);
    if (state !== old && !quiet) this.tell(action, old);
    return this.state;
  }

  tell(action, { step }) {
    const { state, tree } = this;
    if (state.step !== step) this.host.on?.({ type: "step", step: state.step });
    if (action.type === "select") this.host.on?.({ ...action, thing: tree.isBox(action.thing) ? tree.name[action.thing - tree.n] : action.thing });
    else if (action.type === "break") this.host.on?.({ ...action, nodes: [...state.breaks] });
    else if (state.step === step) this.host.on?.(action);
  }

  // Bring the page to the new state: only what differs.
  changed(old) {
    const { state, run } = this, folded = state.open !== old.open;
    if (state.leaves !== old.leaves) this.renumber();
    if (folded) this.tree.show(state.open);
    run.goto(state.step);
    if (folded || this.missing()) this.rebuild();
    this.show(state.step !== old.step);
    if (state.zoom !== old.zoom) this.picture.scale();
    if (state.selected !== old.selected) this.selected();
    if (state.breaks !== old.breaks) this.rebreak(old.breaks);
    if (state.help !== old.help) this.help(state.help);
    if (!state.quiz !== !this.quiz.on) this.quiz.toggle();
  }

  // Is something not drawn that must be seen?
  missing() {
    const { read, changed } = active(this), { selected } = this.state;
    return this.picture.partly && [...read, ...changed, ...(selected < 0 ? [] : [selected])].some((x) => !this.picture.nodes.has(x));
  }

  // To a step, also when it is this one: then what is asked there may be another.
  goto(p) {
    if (this.state.step === p) this.show();
    else this.dispatch({ type: "step", step: p });
  }

  // The same step of other numbers.
  renumber() {
    recompute(this.t, this.state.leaves);
    this.run.renew();
    this.quiz.pending = null; // it is asked anew
    if (this.t.asked.size) this.ticks();
    tried(this);
  }

  // The wheel or two fingers have zoomed.
  zoomed(to) {
    if (Math.abs(to - this.state.zoom) > 1e-6) this.dispatch({ type: "zoom", to });
  }

  thingAt(k) { return this.tree.item[workAt(this.t, k)]; }

  // ------------------------------------------------------------ showing

  // moved: bring what this step is about into view.
  show(moved = false) {
    const { picture, ui, run, t } = this, asked = this.quiz.show();
    const seen = scene(this, [...picture.nodes.keys()], picture.labels, asked), { near } = seen, { step } = near;
    picture.paint(seen);
    if (moved && near.changed.length && !this.still) picture.follow([...near.read, ...near.changed]);
    const phase = run.p === 0 ? "start" : step.kind;
    ui.where.textContent = `Step ${run.p} of ${t.total} · ${phase}`;
    ui.range.value = run.p;
    ui.range.setAttribute("aria-valuetext", ui.where.textContent);
    ui.fill.style.width = `${(100 * run.p) / t.total}%`;
    ui.root.dataset.step = run.p;
    ui.root.dataset.phase = phase;
    this.speak(near, asked);
    if (!asked) source(this, step);
    tables(this, near);
    this.chosen.show();
    for (const [key, off] of [["home", run.p === 0], ["back", run.p === 0], ["next", run.p === t.total], ["end", run.p === t.total]]) {
      ui.buttons[key].disabled = off;
    }
  }

  speak(near, asked) {
    const { t, ui, run } = this, { step } = near;
    if (asked) {
      ui.math.replaceChildren(...lines(t, asked.step, asked).map(mathml));
      ui.source.replaceChildren();
      return this.say(`Question: ${asked.text}`);
    }
    if (!step) {
      ui.math.replaceChildren(h("p", { class: "mg-plain" }, "The leaves have their values. Step forward (→) to compute the rest."));
      return this.say("Start. No step taken.");
    }
    const count = run.p - this.state.from;
    if (near.box >= 0 && count > 1) {
      const name = this.tree.name[near.box - this.tree.n];
      const what = step.kind === "forward" ? "operations" : "contributions";
      ui.math.replaceChildren(h("p", { class: "mg-plain" }, `${name}: ${counted(count)} ${what} in one step. Enter opens the box.`));
      return this.say(`${name}: ${count} ${what}.`);
    }
    ui.math.replaceChildren(...lines(t, step).map(mathml));
    this.say(sentence(t, step, run.status(step.changed)));
  }

  say(text, add = false) { this.ui.live.textContent = add ? text + this.ui.live.textContent : text; }

  rebuild() {
    const { read, changed } = active(this), { selected } = this.state;
    const focus = changed.length ? [...read, ...changed] : [this.thingAt(0)];
    this.picture.build(this.tree.items.includes(selected) ? [...focus, selected] : focus);
    this.crumbs();
  }

  crumbs() {
    const { tree, ui, picture } = this, boxes = tree.openBoxes();
    const chips = boxes.slice(0, 8).map((x) => {
      const chip = h("button", { type: "button", class: "mg-chip", title: "close this box" }, `${tree.name[x - tree.n]} ▾`);
      chip.onclick = () => close(this, x);
      return chip;
    });
    const hidden = picture.partly ? `Showing ${picture.nodes.size} of ${counted(tree.items.length)} around the step. ` : "";
    const folded = tree.items.filter((x) => tree.isBox(x)).length;
    const note = hidden + (folded ? `${counted(tree.n)} values, ${folded} closed boxes. ` : "");
    ui.crumbs.replaceChildren(...(note ? [h("span", { class: "mg-dim" }, note)] : []),
      ...(chips.length ? [h("span", { class: "mg-dim" }, "Open: "), ...chips] : []));
  }

  // What was selected is brought into view and said.
  selected() {
    const { t, run, tree, state } = this, x = state.selected;
    if (x < 0) return;
    if (!this.still) this.picture.follow([x]);
    this.say(tree.isBox(x) ? `${tree.name[x - tree.n]}, closed box of ${tree.inside(x).length} values.`
      : `${nameOf(t, x)}${t.when[x] < 0 ? ", leaf" : `, ${signOf(t, x)}`}, data ${run.computed(x) ? fmt(t.data[x]) : "not computed"}, ` +
        `gradient ${fmt(run.grad[x])}, ${run.status(x)}${state.breaks.includes(x) ? ", breakpoint" : ""}.`);
  }

  rebreak(before) {
    const { breaks } = this.state, moved = [...breaks.filter((i) => !before.includes(i)), ...before.filter((i) => !breaks.includes(i))];
    this.ticks();
    if (moved.length === 1) this.say(`${breaks.includes(moved[0]) ? "Breakpoint set on" : "Breakpoint removed from"} ${nameOf(this.t, moved[0])}.`);
  }

  ticks() {
    const { t, ui } = this, found = [];
    for (let p = 1; p <= t.total && found.length < 400; p++) if (stopsAt(this, this.state, p)) found.push(p);
    ui.ticks.replaceChildren(...found.map((p) => h("i", { style: `left:${(100 * p) / t.total}%` })));
  }

  play(on) { play(this, on); }

  speed(by) { speed(this, by); }

  help(on) {
    this.ui.help.hidden = !on;
    this.ui.buttons.help.setAttribute("aria-expanded", String(on));
    if (on) this.say(KEYS.map(([key, text]) => `${key}: ${text}`).join(". "));
  }

  listen() {
    const { ui } = this;
    listen(this);
    ui.range.addEventListener("input", () => this.dispatch({ type: "step", step: Number(ui.range.value) }));
    this.themed = () => { ui.root.dataset.theme = dark(this.root) ? "dark" : "light"; };
    this.themed();
    this.watcher = new MutationObserver(this.themed);
    for (const part of [document.documentElement, document.body]) {
      this.watcher.observe(part, { attributes: true, attributeFilter: ["class", "style", "theme", "data-theme", "data-jp-theme-light", "data-vscode-theme-kind"] });
    }
    this.media = matchMedia("(prefers-color-scheme: dark)");
    this.media.addEventListener("change", this.themed);
  }

  // Stop hearing.
  leave() {
    cancelAnimationFrame(this.chosen.frame);
    this.play(false);
    this.watcher.disconnect();
    document.removeEventListener("keydown", this.onPage);
    this.picture.view.destroy();
    this.media.removeEventListener("change", this.themed);
  }

  destroy() {
    this.leave();
    this.root.replaceChildren();
  }
}

export function mount(el, data, host) {
  if (data.format !== FORMAT) return other(el, data, host);
  const stepper = new Stepper(el, data, host);
  el.stepper = stepper; // for tests and for the curious
  return stepper;
}

// A trace that this script cannot read says so.
function other(el, { format }, host) {
  el.replaceChildren(h("p", { role: "alert" }, `This trace has format ${format}, and this page reads format ${FORMAT}. Make it anew with viz.step, ` +
    "or open the page that it was saved in, which has a script of its own."));
  return { state: null, dispatch: () => null, update: (data) => mount(el, data, host), destroy: () => el.replaceChildren() };
}


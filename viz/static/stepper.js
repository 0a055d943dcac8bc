// The stepper: one trace, one page. mount(el, data, host) builds it and returns a small handle.

import { Run, decode, stepAt, workAt } from "./stepper_trace.js";
import { Tree } from "./stepper_tree.js";
import { Picture } from "./stepper_draw.js";
import { fmt, lines, nameOf, sentence, signOf } from "./stepper_math.js";
import { KEYS, dark, h, panel, tables } from "./stepper_page.js";
import { Quiz } from "./stepper_ask.js";
import { listen } from "./stepper_keys.js";

let made = 0;

export class Stepper {
  constructor(el, data, host = {}) {
    this.host = host;
    this.t = decode(data);
    this.run = new Run(this.t);
    this.tree = new Tree(this.t);
    this.uid = `mg${++made}-${Math.random().toString(36).slice(2, 8)}`;
    this.state = { uid: this.uid, breaks: new Set(), zoom: 1, selected: -1 };
    this.from = 0; // where the last move began
    this.root = el;
    this.ui = panel(el, this);
    this.picture = new Picture(this.ui.graph, this.run, this.tree, this.state);
    this.quiz = new Quiz(this, data.quiz || null);
    this.listen();
    this.rebuild();
    this.goto(data.at || 0);
  }

  // ------------------------------------------------------------ moving

  thingAt(k) { return this.tree.item[workAt(this.t, k)]; }

  phase(k) { return Math.sign(k - this.t.seed); }

  // The end of the run of steps that one press of Next takes: a closed box counts as one step.
  ahead(p = this.run.p, whole = false) {
    if (p >= this.t.total) return p;
    const x = this.thingAt(p), node = workAt(this.t, p), phase = this.phase(p), box = this.tree.isBox(x);
    const same = box ? (k) => this.thingAt(k) === x : (k) => whole && workAt(this.t, k) === node;
    for (p++; p < this.t.total && this.phase(p) === phase && same(p); p++);
    return p;
  }

  behind(p = this.run.p, whole = false) {
    if (p <= 0) return 0;
    const x = this.thingAt(--p), node = workAt(this.t, p), phase = this.phase(p), box = this.tree.isBox(x);
    const same = box ? (k) => this.thingAt(k) === x : (k) => whole && workAt(this.t, k) === node;
    for (; p > 0 && this.phase(p - 1) === phase && same(p - 1); p--);
    return p;
  }

  next(whole = false) { this.goto(this.ahead(this.run.p, whole)); }

  back(whole = false) { this.goto(this.behind(this.run.p, whole)); }

  isStop(p) {
    return this.t.breaks.has(p) || (this.state.breaks.size && this.state.breaks.has(stepAt(this.t, p - 1).changed));
  }

  // On to the next breakpoint, or the end.
  resume() {
    let p = this.run.p + 1;
    while (p < this.t.total && !this.isStop(p)) p++;
    this.goto(Math.min(p, this.t.total));
    this.say(this.isStop(this.run.p) ? "Breakpoint. " : "", true);
  }

  goto(p) {
    p = this.quiz.limit(Math.max(0, Math.min(this.t.total, Math.round(p))));
    if (this.hot?.tag?.textContent === "?") this.picture.label(this.hot, null);
    const old = this.run.p, far = Math.abs(p - old) > 4000, dirty = new Set();
    this.from = Math.max(this.behind(p), p > old ? old : 0);
    this.run.goto(p, far ? null : (i) => dirty.add(this.tree.item[i]));
    const near = this.active();
    const all = [...near.read, ...near.changed];
    if (this.picture.partly && all.some((x) => !this.picture.nodes.has(x))) this.rebuild();
    for (const x of far ? this.picture.nodes.keys() : dirty) this.picture.paint(x);
    if ((old > this.t.seed) !== (p > this.t.seed)) for (const x of this.picture.nodes.keys()) this.picture.paint(x);
    this.label(Math.min(old, p), Math.max(old, p));
    this.show(near);
    if (p !== old) this.host.on?.({ type: "step", step: p });
  }

  // Local derivatives on the edges whose contributions lie between two positions.
  label(low, high) {
    const { t, picture } = this;
    if (!picture.labels) return;
    for (let c = Math.max(0, low - t.seed - 1); c < Math.max(0, high - t.seed - 1); c++) {
      const edge = picture.find(t.cArg[c], t.cNode[c], t.cSlot[c]);
      if (edge) picture.label(edge, t.seed + 1 + c < this.run.p ? fmt(t.cPartial[c]) : null);
    }
  }

  // What the step just taken read and changed, as things on the picture.
  active() {
    const { t, tree, run } = this;
    if (!run.p) return { read: [], changed: [], edges: [], step: null };
    const step = stepAt(t, run.p - 1), item = tree.item;
    step.upstream = run.grad[step.node];
    const node = item[step.node];
    if (tree.isBox(node)) return { read: [], changed: [node], edges: [], step, box: node };
    if (step.kind === "seed") return { read: [], changed: [node], edges: [], step };
    if (step.kind === "backward") return { ...this.about(step), step };
    const edges = [];
    for (let e = t.start[step.node], slot = 0; e < t.start[step.node + 1]; e++, slot++) {
      if (t.args[e] < t.n) edges.push({ a: item[t.args[e]], b: node, slot, back: false });
    }
    return { read: [...new Set(edges.map((e) => e.a))], changed: [node], edges, step };
  }

  // The things and the edge of one contribution.
  about({ arg, node, slot }) {
    const { item } = this.tree;
    return { read: [item[node]], changed: [item[arg]], edges: [{ a: item[arg], b: item[node], slot, back: true }], box: -1 };
  }

  // ------------------------------------------------------------ showing

  show(near = this.active()) {
    const { picture, ui, run, t } = this, asked = this.quiz.show();
    if (asked) near = { ...near, ...this.about(asked.step) };
    const edges = near.edges.map((e) => ({ edge: picture.find(e.a, e.b, e.slot), back: e.back })).filter((e) => e.edge);
    picture.roles(near.read, near.changed, edges);
    this.hot?.tag?.classList.remove("mg-hot");
    this.hot = null;
    if (edges[0]?.back) {
      this.hot = edges[0].edge;
      picture.label(this.hot, asked ? "?" : fmt(near.step.partial), "mg-hot");
    }
    if (near.changed.length && !this.still) picture.follow([...near.read, ...near.changed]);
    const { step } = near;
    const phase = run.p === 0 ? "start" : step.kind;
    ui.where.textContent = `Step ${run.p} of ${t.total} · ${phase}`;
    ui.range.value = run.p;
    ui.range.setAttribute("aria-valuetext", ui.where.textContent);
    ui.fill.style.width = `${(100 * run.p) / t.total}%`;
    ui.root.dataset.step = run.p;
    ui.root.dataset.phase = phase;
    this.speak(near, asked);
    if (!asked) this.source(step);
    tables(this, near);
    for (const [key, off] of [["home", run.p === 0], ["back", run.p === 0], ["next", run.p === t.total], ["end", run.p === t.total]]) {
      ui.buttons[key].disabled = off;
    }
  }

  speak(near, asked) {
    const { t, ui, run } = this, { step } = near;
    if (asked) {
      ui.math.innerHTML = lines(t, asked.step, asked).join("");
      ui.source.replaceChildren();
      return this.say(`Question: ${asked.text}`);
    }
    if (!step) {
      ui.math.innerHTML = "";
      ui.math.append(h("p", { class: "mg-plain" }, "The leaves have their values. Step forward (→) to compute the rest."));
      return this.say("Start. No step taken.");
    }
    if (near.box >= 0 && this.run.p - this.from > 1) {
      const name = this.tree.name[near.box - this.tree.n], count = run.p - this.from;
      const what = step.kind === "forward" ? "operations" : "contributions";
      ui.math.innerHTML = "";
      ui.math.append(h("p", { class: "mg-plain" }, `${name}: ${count.toLocaleString("en")} ${what} in one step. Enter opens the box.`));
      return this.say(`${name}: ${count} ${what}.`);
    }
    ui.math.innerHTML = lines(t, step).join("");
    this.say(sentence(t, step, run.status(step.changed)));
  }

  source(step) {
    const { t, ui } = this;
    const line = step && t.lines?.[t.line?.[step.node]];
    const code = step?.kind === "backward" ? t.lines?.[t.code?.[step.node]] : null;
    const text = code || line;
    ui.source.replaceChildren(...(text ? [h("span", { class: "mg-dim" }, code ? "its _backward" : "made by"), h("code", {}, text)] : []));
    const marks = step ? t.marks[step.node] || [] : [];
    ui.source.append(...marks.map((m) => h("p", { class: "mg-mark" }, `⚠ ${nameOf(t, step.node)}: ${m}`)));
  }

  say(text, add = false) { this.ui.live.textContent = add ? text + this.ui.live.textContent : text; }

  rebuild() {
    const things = [...this.active().read, ...this.active().changed];
    const next = this.run.p < this.t.total ? [this.thingAt(this.run.p)] : [];
    const focus = things.length ? things : next.length ? next : [this.tree.item[this.t.root]];
    this.picture.build(this.state.selected >= 0 && !things.length ? [this.state.selected, ...focus] : focus);
    this.label(0, this.run.p);
    this.picture.select(this.state.selected);
    this.crumbs();
  }

  crumbs() {
    const { tree, ui, picture } = this, boxes = tree.openBoxes();
    const chips = boxes.slice(0, 8).map((x) => {
      const chip = h("button", { type: "button", class: "mg-chip", title: "close this box" }, `${tree.name[x - tree.n]} ▾`);
      chip.onclick = () => { tree.open[x - tree.n] = 0; tree.refresh(); this.refold(x); };
      return chip;
    });
    const hidden = picture.partly ? `Showing ${picture.nodes.size} of ${tree.items.length.toLocaleString("en")} around the step. ` : "";
    const folded = tree.items.filter((x) => tree.isBox(x)).length;
    const note = hidden + (folded ? `${tree.n.toLocaleString("en")} values, ${folded} closed boxes. ` : "");
    ui.crumbs.replaceChildren(...(note ? [h("span", { class: "mg-dim" }, note)] : []),
      ...(chips.length ? [h("span", { class: "mg-dim" }, "Open: "), ...chips] : []));
  }

  refold(x) {
    this.state.selected = x;
    this.rebuild();
    this.show();
    this.picture.follow([x]);
  }

  // ------------------------------------------------------------ what the person does

  current() {
    const { selected } = this.state;
    if (selected >= 0 && this.picture.nodes.has(selected)) return selected;
    const { changed } = this.active();
    return changed[0] ?? this.tree.item[this.t.root];
  }

  select(x) {
    if (x === undefined || x < 0) return;
    this.state.selected = x;
    if (!this.picture.nodes.has(x)) this.rebuild();
    this.picture.select(x);
    this.picture.follow([x]);
    const { t, run, tree } = this;
    this.say(tree.isBox(x) ? `${tree.name[x - tree.n]}, closed box of ${tree.inside(x).length} values.`
      : `${nameOf(t, x)}${t.when[x] < 0 ? ", leaf" : `, ${signOf(t, x)}`}, data ${run.computed(x) ? fmt(t.data[x]) : "not computed"}, ` +
        `gradient ${fmt(run.grad[x])}, ${run.status(x)}${this.state.breaks.has(x) ? ", breakpoint" : ""}.`);
    this.host.on?.({ type: "select", thing: tree.isBox(x) ? tree.name[x - tree.n] : x });
  }

  walk(side) {
    const x = this.current(), near = this.tree.neighbours().get(x);
    const list = near ? near[side] : [];
    if (side === "args" && x < this.tree.n) {
      const t = this.t; // operands in the order written
      return this.select(this.tree.item[t.args.subarray(t.start[x], t.start[x + 1]).find((a) => a < t.n)]);
    }
    this.select(list[0]);
  }

  // To the next thing in the same column.
  sideways(by) {
    const x = this.current(), here = this.picture.nodes.get(x);
    const column = [...this.picture.nodes].filter(([, v]) => Math.abs(v.cx - here.cx) < 2).sort((a, b) => a[1].cy - b[1].cy);
    const at = column.findIndex(([y]) => y === x);
    this.select(column[(at + by + column.length) % column.length][0]);
  }

  toggleBreak(i) {
    const { breaks } = this.state;
    if (!breaks.delete(i)) breaks.add(i);
    this.picture.paint(this.tree.item[i]);
    this.ticks();
    this.say(`${breaks.has(i) ? "Breakpoint set on" : "Breakpoint removed from"} ${nameOf(this.t, i)}.`);
    this.host.on?.({ type: "break", nodes: [...breaks] });
  }

  ticks() {
    const { t, ui } = this, at = [];
    for (let p = 1; p <= t.total && at.length < 400; p++) if (this.isStop(p)) at.push(p);
    ui.ticks.replaceChildren(...at.map((p) => h("i", { style: `left:${(100 * p) / t.total}%` })));
  }

  enter() {
    const x = this.state.selected >= 0 ? this.state.selected : this.thingAt(Math.max(0, Math.min(this.run.p, this.t.total - 1)));
    if (!this.tree.isBox(x)) return this.toggleBreak(x);
    this.tree.openBox(x);
    const first = this.tree.children[x - this.tree.n][0];
    this.refold(this.tree.items.includes(first) ? first : -1);
    this.say(`Opened ${this.tree.name[x - this.tree.n]}.`);
  }

  fold() {
    const x = this.current();
    const box = this.tree.closeAround(x);
    if (box < 0 && this.tree.isBox(x)) return this.enter();
    if (box < 0) return this.say("This value is in no box.");
    this.refold(this.tree.item[this.tree.inside(box)[0]]);
    this.say(`Closed ${this.tree.name[box - this.tree.n]}.`);
  }

  play(on = !this.timer) {
    clearInterval(this.timer);
    this.timer = null;
    if (on) {
      if (this.run.p >= this.t.total) this.goto(0);
      this.timer = setInterval(() => {
        if (this.run.p >= this.t.total || this.quiz.pending || !this.root.isConnected) return this.play(false);
        this.next();
        if (this.isStop(this.run.p)) this.play(false);
      }, this.pace || 900);
    }
    this.ui.buttons.play.setAttribute("aria-pressed", String(!!on));
    this.ui.root.classList.toggle("mg-playing", !!on);
  }

  zoom(by) {
    this.state.zoom = by ? Math.max(0.3, Math.min(4, this.state.zoom * by)) : 1;
    this.picture.scale();
  }

  help(on = this.ui.help.hidden) {
    this.ui.help.hidden = !on;
    this.ui.buttons.help.setAttribute("aria-expanded", String(on));
    if (on) this.say(KEYS.map(([key, text]) => `${key}: ${text}`).join(". "));
  }

  listen() {
    const { ui } = this;
    listen(this);
    ui.range.addEventListener("input", () => this.goto(Number(ui.range.value)));
    this.themed = () => { ui.root.dataset.theme = dark(this.root) ? "dark" : "light"; };
    this.themed();
    this.watcher = new MutationObserver(this.themed);
    for (const part of [document.documentElement, document.body]) {
      this.watcher.observe(part, { attributes: true, attributeFilter: ["class", "style", "theme", "data-theme", "data-jp-theme-light", "data-vscode-theme-kind"] });
    }
    this.media = matchMedia("(prefers-color-scheme: dark)");
    this.media.addEventListener("change", this.themed);
    this.sizes = new ResizeObserver(() => this.picture.scale());
    this.sizes.observe(ui.graph);
  }

  destroy() {
    this.play(false);
    this.watcher.disconnect();
    this.sizes.disconnect();
    this.media.removeEventListener("change", this.themed);
    this.root.replaceChildren();
  }
}

export function mount(el, data, host) {
  const stepper = new Stepper(el, data, host);
  stepper.ticks();
  el.stepper = stepper; // for tests and for the curious
  return stepper;
}

// The panel of the value that is selected: its numbers, a breakpoint, and for a leaf another number, typed, dragged or swept.

import { fmt, nameOf, signOf } from "./stepper_math.js";
import { fixed, sweep } from "./stepper_trace.js";
import { h } from "./stepper_page.js";
import { svg } from "./stepper_draw.js";

const POINTS = 81, WIDE = 320, HIGH = 170, LEFT = 60, FOOT = 24, BUDGET = 6; // of the plot; milliseconds a frame for its points

// Where a leaf's slider and plot reach: twice its size to either side of the number that Python had.
const reach = (x) => {
  const middle = Number.isFinite(x) ? x : 0, side = 2 * Math.max(1, Math.abs(middle));
  return [middle - side, middle + side];
};

// The gradient of a value at the end of the pass.
export function gradAt(t, i) {
  for (let c = t.cArg.length - 1; c >= 0; c--) if (t.cArg[c] === i) return t.cAfter[c];
  return i === t.root ? 1 : 0;
}

// A number; where it is known which of its digits are certain, with all of them, those in full ink, and the bound of its error.
function inked(x, sure) {
  if (sure?.[0] !== x) return [fmt(x)];
  const [, ink, faint, power, error] = sure;
  return [h("span", { class: "mg-ink" }, ink), ...(faint ? [h("span", { class: "mg-faint" }, faint)] : []), h("span", { class: "mg-ink" }, power), error && ` ± ${error}`];
}

export class Chosen {
  constructor(stepper) {
    Object.assign(this, { s: stepper, x: -1, plot: null });
  }

  // Bring the panel to the state: built anew for another value, else its numbers alone.
  show() {
    const { s } = this, { state, ui } = s;
    if (state.selected !== this.x) {
      this.x = state.selected;
      this.plot = null;
      ui.chosen.hidden = this.x < 0;
      ui.chosen.replaceChildren(...(this.x < 0 ? [] : s.tree.isBox(this.x) ? this.box() : this.value()));
    }
    if (this.x >= 0 && !s.tree.isBox(this.x)) this.refresh();
  }

  button(face, title, action) {
    const made = h("button", { type: "button", class: "mg-button", title }, face);
    made.onclick = action;
    return made;
  }

  box() {
    const { s, x } = this, { tree } = s;
    return [h("div", { class: "mg-row" }, h("strong", {}, tree.name[x - tree.n]), `closed box of ${tree.inside(x).length.toLocaleString("en")} values`,
      this.button("Open", "Open this box (Enter)", s.act.Enter))];
  }

  value() {
    const { s, x } = this, { t } = s, leaf = t.when[x] < 0;
    this.numbers = h("span", { class: "mg-numbers" });
    this.stop = this.button("Breakpoint", "Stop where this value changes (Enter)", () => s.dispatch({ type: "break", place: x }));
    const head = h("div", { class: "mg-row" }, h("strong", {}, nameOf(t, x)), leaf ? "leaf" : signOf(t, x), this.numbers, this.stop);
    if (!leaf) return [head];
    const why = fixed(t);
    if (why) return [head, h("p", { class: "mg-dim" }, why)];
    const [low, high] = reach(t.told.data[x]);
    this.field = h("input", { type: "number", step: "any", class: "mg-answer mg-field", "aria-label": `another number for ${nameOf(t, x)}` });
    this.slider = h("input", { type: "range", min: low, max: high, step: (high - low) / 400, class: "mg-slider", "aria-label": `${nameOf(t, x)}, from ${fmt(low)} to ${fmt(high)}` });
    this.field.oninput = () => { if (this.field.value !== "" && this.field.validity.valid) this.set(Number(this.field.value)); };
    this.slider.oninput = () => this.set(Number(Number(this.slider.value).toPrecision(6)));
    this.swept = this.button("Sweep", `Plot ${nameOf(t, t.root)} against ${nameOf(t, x)} (s)`, () => s.dispatch({ type: "sweep", place: x }));
    this.back = this.button("Reset", "Python's number again", () => s.dispatch({ type: "leaf", place: x, value: t.told.data[x] }));
    this.figure = h("div", { class: "mg-sweep" });
    return [head, h("div", { class: "mg-row" }, h("label", { class: "mg-try" }, "try ", this.field), this.slider, this.swept, this.back), this.figure];
  }

  // One change a frame, however fast a hand is.
  set(value) {
    this.wanted = { type: "leaf", place: this.x, value };
    this.frame ||= requestAnimationFrame(() => this.settle());
  }

  // What still waits for its frame happens now: whatever is done next was done after it.
  settle() {
    if (!this.frame) return;
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.s.dispatch(this.wanted);
  }

  refresh() {
    const { s, x } = this, { t, run, state } = s, on = run.computed(x);
    const sure = Object.keys(state.leaves).length ? undefined : t.certain?.[x];
    this.numbers.replaceChildren("data ", ...(on ? inked(t.data[x], sure?.[0]) : ["·"]), ", grad ", ...inked(run.grad[x], sure?.[1]));
    this.stop.setAttribute("aria-pressed", String(state.breaks.includes(x)));
    if (t.when[x] >= 0 || fixed(t)) return;
    const now = t.data[x];
    if (document.activeElement !== this.field || Number(this.field.value) !== now) this.field.value = Number.isFinite(now) ? now : "";
    if (Number(this.slider.value) !== now) this.slider.value = now;
    this.slider.setAttribute("aria-valuetext", fmt(now));
    this.back.disabled = !(x in state.leaves);
    const open = state.sweep === x;
    this.swept.setAttribute("aria-pressed", String(open));
    if (!open) {
      this.plot = null;
      this.figure.replaceChildren();
    } else this.sweep();
  }

  // ------------------------------------------------------------ the sweep

  // The curve depends on the other leaves alone, so it stays while this one is dragged.
  sweep() {
    const { s, x } = this, { [x]: _, ...others } = s.state.leaves, key = JSON.stringify(others);
    if (this.plot?.key !== key) {
      const [low, high] = reach(s.t.told.data[x]), f = sweep(s.t, x);
      this.plot = { key, f, low, high, xs: Array.from({ length: POINTS }, (_, k) => low + ((high - low) * k) / (POINTS - 1)), ys: [] };
      this.more(this.plot);
    } else this.draw();
  }

  // Points as far as a frame has time for them: a large graph fills its curve over a few frames.
  more(plot) {
    if (plot !== this.plot || !this.s.root.isConnected) return;
    const until = performance.now() + BUDGET;
    while (plot.ys.length < POINTS && performance.now() < until) plot.ys.push(plot.f(plot.xs[plot.ys.length]));
    if (plot.ys.length < POINTS) requestAnimationFrame(() => this.more(plot));
    this.draw();
  }

  draw() {
    const { s, x, plot } = this, { t } = s, at = t.data[x], y = t.data[t.root], slope = gradAt(t, x);
    const seen = [...plot.ys, y].filter(Number.isFinite);
    let [least, most] = [Math.min(...seen), Math.max(...seen)];
    if (!(most > least)) [least, most] = [(least || 0) - 1, (most || 0) + 1];
    const px = (v) => LEFT + ((WIDE - LEFT - 8) * (v - plot.low)) / (plot.high - plot.low);
    const py = (v) => 8 + ((HIGH - FOOT - 14) * (most - v)) / (most - least);
    const word = (tx, ty, text, anchor) => {
      const made = svg("text", { x: tx, y: ty, "text-anchor": anchor });
      made.textContent = text;
      return made;
    };
    let line = "", pen = "M";
    plot.ys.forEach((v, k) => {
      line += Number.isFinite(v) ? `${pen}${px(plot.xs[k]).toFixed(1)},${py(v).toFixed(1)}` : "";
      pen = Number.isFinite(v) ? "L" : "M"; // a gap where there is no number
    });
    const clip = `${s.uid}-sweep`, [a, b] = [plot.low, plot.high].map((v) => y + slope * (v - at));
    const tangent = Number.isFinite(slope) && Number.isFinite(y)
      ? [svg("line", { x1: px(plot.low), y1: py(a), x2: px(plot.high), y2: py(b), class: "mg-tangent", "clip-path": `url(#${clip})` })] : [];
    const said = `${nameOf(t, t.root)} against ${nameOf(t, x)}: at ${fmt(at)} it is ${fmt(y)}, slope ${fmt(slope)}`;
    const picture = svg("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, class: "mg-chart mg-curve", role: "img", "aria-label": said },
      svg("clipPath", { id: clip }, svg("rect", { x: LEFT, y: 0, width: WIDE - LEFT - 8, height: HIGH - FOOT })),
      svg("line", { x1: LEFT, x2: LEFT, y1: 4, y2: HIGH - FOOT, class: "mg-axis" }), svg("line", { x1: LEFT, x2: WIDE - 8, y1: HIGH - FOOT, y2: HIGH - FOOT, class: "mg-axis" }),
      word(LEFT - 5, 14, fmt(most), "end"), word(LEFT - 5, HIGH - FOOT - 2, fmt(least), "end"),
      word(LEFT, HIGH - 8, fmt(plot.low), "middle"), word(WIDE - 8, HIGH - 8, fmt(plot.high), "end"), word((LEFT + WIDE) / 2, HIGH - 8, nameOf(t, x).slice(0, 24), "middle"),
      svg("path", { d: line, class: "mg-line" }), ...tangent,
      ...(Number.isFinite(y) ? [svg("circle", { cx: px(at), cy: py(y), r: 5, class: "mg-here", "clip-path": `url(#${clip})` })] : []));
    picture.onpointerdown = picture.onpointermove = (event) => {
      if (event.type === "pointermove" && !event.buttons) return;
      const box = picture.getBoundingClientRect(), v = plot.low + (((event.clientX - box.left) * WIDE) / box.width - LEFT) / (WIDE - LEFT - 8) * (plot.high - plot.low);
      this.set(Number(Math.max(plot.low, Math.min(plot.high, v)).toPrecision(4)));
    };
    this.figure.replaceChildren(picture, h("p", { class: "mg-dim" }, said));
  }
}

// The line that says which leaves have other numbers than Python's, with a way back.
export function tried(s) {
  const { t, ui, state } = s, others = Object.keys(state.leaves).map(Number);
  ui.root.classList.toggle("mg-tried", t.changed);
  ui.tried.hidden = !t.changed;
  if (!t.changed) return ui.tried.replaceChildren();
  const chips = others.slice(0, 6).map((i) => {
    const chip = h("button", { type: "button", class: "mg-chip", title: `was ${fmt(t.told.data[i])}` }, `${nameOf(t, i)} = ${fmt(state.leaves[i])}`);
    chip.onclick = () => s.dispatch({ type: "select", thing: s.tree.item[i] });
    return chip;
  });
  const more = others.length > chips.length ? [`and ${others.length - chips.length} more`] : [];
  const all = h("button", { type: "button", class: "mg-chip mg-reset", title: "Python's numbers again (r)" }, "Reset all");
  all.onclick = () => s.dispatch({ type: "reset" });
  const stale = [t.asked.size ? "breakpoints that asked for numbers" : "", Object.keys(t.marks).length || t.check ? "marks of the check" : ""].filter(Boolean).join(" and ");
  return ui.tried.replaceChildren("What if ", ...chips, ...more, all,
    h("span", { class: "mg-dim" }, `Computed in this page by the rules of the operations; an if or a loop of the code is not run again.${stale ? ` Out of force: ${stale}.` : ""}`));
}

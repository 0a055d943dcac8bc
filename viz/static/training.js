// The training view: scrub through recorded steps; loss, boundary, histograms, network.

import { decode, whole } from "./stepper_trace.js";
import { beats } from "./stepper_play.js";
import { Tree } from "./stepper_tree.js";
import { scene } from "./stepper_scene.js";
import { Picture, svg } from "./stepper_draw.js";
import { fmt } from "./stepper_math.js";
import { dark, h } from "./stepper_page.js";

const number = (x) => (typeof x === "string" ? { nan: NaN, inf: Infinity, "-inf": -Infinity }[x] : x);
const power = (n) => `10${String(n).replace(/./g, (c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)])}`;
const f64 = (text) => new Float64Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);

export class Training {
  constructor(el, data, host = {}) {
    Object.assign(this, { el, data, host, at: 0 });
    this.shots = data.snapshots.map((s) => ({ ...s, loss: number(s.loss), data: f64(s.data), grad: f64(s.grad) }));
    this.build();
    this.goto(this.shots.length - 1);
  }

  build() {
    const { data, shots } = this;
    const style = h("style");
    style.textContent = this.host.css || "";
    this.range = h("input", { type: "range", min: 0, max: Math.max(0, shots.length - 1), value: 0, "aria-label": "Recorded step" });
    this.range.oninput = () => this.goto(Number(this.range.value));
    this.where = h("span", { class: "mg-where" });
    this.playing = h("button", { type: "button", class: "mg-button", title: "Play or pause (Space)" }, "Play");
    this.playing.onclick = () => this.play();
    const step = (by, face, label) => {
      const made = h("button", { type: "button", class: "mg-button", "aria-label": label, title: label }, face);
      made.onclick = () => this.goto(this.at + by);
      return made;
    };
    this.loss = h("div", { class: "mg-card mg-loss" });
    this.bars = h("div", { class: "mg-card mg-bars" });
    this.live = h("div", { class: "mg-live-region", "aria-live": "polite", role: "status" });
    this.map = data.box ? h("div", { class: "mg-card mg-map" }) : null;
    this.net = data.picture ? h("div", { class: "mg-card mg-net" }) : null;
    this.root = h("div", { class: "mg-stepper mg-training", tabindex: "0", role: "group", "aria-label": "Training view: arrow keys move through the recorded steps", "data-lm-suppress-shortcuts": "true" },
      h("div", { class: "mg-bar" }, step(-1, "←", "Previous recorded step"), this.playing, step(1, "→", "Next recorded step"), this.where),
      h("div", { class: "mg-scrub mg-short" }, h("div", { class: "mg-track" }), this.range),
      h("div", { class: "mg-cards" }, this.loss, ...(this.map ? [this.map] : []), this.bars),
      ...(this.net ? [this.net] : []), this.live);
    this.el.replaceChildren(style, this.root);
    this.themed = () => { this.root.dataset.theme = dark(this.el) ? "dark" : "light"; this.show(); };
    new MutationObserver(this.themed).observe(document.body, { attributes: true, attributeFilter: ["class", "data-jp-theme-light", "data-theme"] });
    for (const what of ["(prefers-color-scheme: dark)", "print"]) matchMedia(what).addEventListener("change", this.themed);
    this.root.dataset.theme = dark(this.el) ? "dark" : "light";
    this.root.addEventListener("keydown", (event) => this.key(event));
    this.root.addEventListener("keyup", (event) => { if (event.key === " ") event.preventDefault(); }); // Space plays, and presses nothing
    if (this.host.page) document.addEventListener("keydown", (event) => { if (event.target === document.body) this.key(event); });
    this.curve();
    if (this.net) this.network();
    if (this.map) {
      this.canvas = h("canvas", { width: 240, height: 240, role: "img", "aria-label": "decision boundary" });
      this.map.append(h("p", { class: "mg-title" }, "Decision boundary"), this.canvas);
    }
  }

  key(event) {
    event.stopPropagation();
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = { ArrowRight: () => this.goto(this.at + 1), ArrowLeft: () => this.goto(this.at - 1),
      Home: () => this.goto(0), End: () => this.goto(this.shots.length - 1), " ": () => this.play() }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  play(on = !this.timer) {
    const last = this.shots.length - 1;
    if (on && this.at >= last) this.goto(0);
    beats(this, on, 250, () => this.at < last && (this.goto(this.at + 1), true), () => this.play(false));
    this.playing.textContent = on ? "Pause" : "Play";
  }

  goto(at) {
    this.at = Math.max(0, Math.min(this.shots.length - 1, at));
    this.show();
  }

  show() {
    const shot = this.shots[this.at];
    if (!shot) { this.where.textContent = "nothing recorded"; return; }
    this.where.textContent = `Step ${shot.step} · loss ${fmt(shot.loss)}`;
    this.range.value = this.at;
    this.range.setAttribute("aria-valuetext", this.where.textContent);
    this.root.dataset.step = shot.step;
    this.mark?.setAttribute("transform", `translate(${this.x(shot.step)},0)`);
    this.histograms(shot);
    if (this.map) this.boundary(shot);
    if (this.net) this.heat(shot);
    this.live.textContent = [`${this.where.textContent}.`, this.warning, this.data.trouble].filter(Boolean).join(" ");
  }

  // The loss curve, on a logarithmic scale where it falls far.
  curve() {
    const all = this.data.losses.map(([s, v]) => [s, number(v)]), points = all.filter((p) => Number.isFinite(p[1]));
    this.loss.append(h("p", { class: "mg-title" }, "Loss"));
    if (this.data.trouble) this.loss.append(h("p", { class: "mg-mark" }, `⚠ ${this.data.trouble}`));
    if (!points.length) return;
    const W = 340, H = 210, values = points.map((p) => p[1]), least = Math.min(...values), most = Math.max(...values);
    const left = Math.max(56, 14 + 7.7 * Math.max(fmt(least).length, fmt(most).length)), log = least > 0 && most / least > 50;
    const f = log ? Math.log10 : (v) => v;
    const [low, high] = [f(least), f(most) === f(least) ? f(least) + 1 : f(most)];
    const first = all[0][0], last = Math.max(all.at(-1)[0], first + 1), wrong = all.filter((p) => !Number.isFinite(p[1]));
    this.x = (s) => left + ((W - left - 12) * (s - first)) / (last - first);
    const y = (v) => 10 + ((H - 40) * (high - f(v))) / (high - low);
    const text = (x, at, said, anchor) => {
      const made = svg("text", { x, y: at, "text-anchor": anchor });
      made.textContent = said;
      return made;
    };
    this.mark = svg("g", {}, svg("line", { y1: 6, y2: H - 28, class: "mg-now" }));
    const picture = svg("svg", { viewBox: `0 0 ${W} ${H}`, class: "mg-chart", "aria-hidden": "true" },
      svg("line", { x1: left, x2: left, y1: 6, y2: H - 28, class: "mg-axis" }), svg("line", { x1: left, x2: W - 12, y1: H - 28, y2: H - 28, class: "mg-axis" }),
      text(left - 6, 16, fmt(most), "end"), text(left - 6, H - 30, fmt(least), "end"),
      text(left, H - 12, fmt(first), "middle"), text(W - 14, H - 12, `step ${fmt(last)}`, "end"), ...(log ? [text(left + 8, 16, "log scale", "start")] : []),
      svg("path", { d: all.map(([s, v], i) => (Number.isFinite(v) // a gap where the loss was no number
        ? `${i && Number.isFinite(all[i - 1][1]) ? "L" : "M"}${this.x(s).toFixed(1)},${y(v).toFixed(1)}h0` : "")).join(""), class: "mg-line" }),
      ...wrong.map(([s]) => svg("path", { d: `M${(this.x(s) - 4).toFixed(1)},4l8,8m0,-8l-8,8`, class: "mg-cross" })), this.mark);
    picture.addEventListener("click", (event) => {
      const at = first + ((event.offsetX * W) / picture.clientWidth - left) / (W - left - 12) * (last - first);
      const near = this.shots.map((s, i) => [Math.abs(s.step - at), i]).sort((a, b) => a[0] - b[0])[0];
      if (near) this.goto(near[1]);
    });
    this.loss.append(picture);
  }

  // Gradients of each layer by size; the sentence says where they vanish or explode.
  histograms(shot) {
    const [low, high, bins] = this.data.bins, W = 300, H = 44, warnings = [];
    const rows = this.data.layers.map(({ name, places }, k) => {
      const { counts, zero, bad, median } = shot.layers[k], top = Math.max(1, ...counts);
      const picture = svg("svg", { viewBox: `0 0 ${W} ${H}`, class: "mg-chart", "aria-hidden": "true" },
        svg("line", { x1: 0, x2: W, y1: H - 1, y2: H - 1, class: "mg-axis" }),
        ...counts.map((c, i) => svg("rect", { x: (i * W) / bins + 0.5, width: W / bins - 1, y: H - 1 - (c / top) * (H - 4), height: (c / top) * (H - 4), class: "mg-bin" })));
      const all = places.length, state = bad ? "nan or inf" : median > 1e3 ? "exploding" : zero === all ? "all zero"
        : median < 1e-7 ? "vanishing" : "";
      if (state) warnings.push(`${name}: ${state}`);
      const said = `median ${fmt(median)}${zero ? `, ${Math.round((100 * zero) / all)} % zero` : ""}${bad ? `, ${bad} nan or inf` : ""}`;
      return h("div", { class: "mg-layer" }, h("span", { class: "mg-layer-name" }, name), picture,
        h("span", { class: "mg-dim" }, said), ...(state ? [h("span", { class: "mg-mark" }, `⚠ ${state}`)] : []));
    });
    this.warning = warnings.join(", ");
    this.bars.replaceChildren(h("p", { class: "mg-title" }, `|gradient| by layer, ${power(low)} to ${power(high)}`), ...rows);
  }

  boundary(shot) {
    const { grid: n, box, points } = this.data, { canvas } = this, size = canvas.width, ctx = canvas.getContext("2d");
    const cells = whole(`1${shot.raster}`);
    const css = getComputedStyle(this.root), rgb = (name) => css.getPropertyValue(name).match(/[0-9a-f]{2}/gi).map((x) => parseInt(x, 16));
    const [plus, minus, paper] = [rgb("--read"), rgb("--changed"), rgb("--paper")];
    const image = ctx.createImageData(size, size);
    for (let py = 0; py < size; py++) {
      for (let px = 0; px < size; px++) {
        const gx = (px * (n - 1)) / (size - 1), gy = (py * (n - 1)) / (size - 1);
        const i = Math.min(n - 2, Math.floor(gx)), j = Math.min(n - 2, Math.floor(gy)), u = gx - i, v = gy - j;
        const at = (a, b) => cells[b * n + a];
        const value = ((1 - u) * (1 - v) * at(i, j) + u * (1 - v) * at(i + 1, j) + (1 - u) * v * at(i, j + 1) + u * v * at(i + 1, j + 1)) / 127.5 - 1;
        const side = value > 0 ? plus : minus, mix = 0.16 + 0.34 * Math.abs(value), k = 4 * (py * size + px);
        for (let c = 0; c < 3; c++) image.data[k + c] = Math.round(mix * side[c] + (1 - mix) * paper[c]);
        image.data[k + 3] = 255;
      }
    }
    ctx.putImageData(image, 0, 0);
    const [left, right, bottom, top] = box;
    for (const [x, y, target] of points) {
      const px = ((x - left) / (right - left)) * size, py = ((top - y) / (top - bottom)) * size;
      ctx.beginPath(); // circles and squares: not by colour alone
      if (target > 0) ctx.arc(px, py, 3, 0, 7); else ctx.rect(px - 2.7, py - 2.7, 5.4, 5.4);
      ctx.fillStyle = `rgb(${target > 0 ? plus : minus})`;
      ctx.strokeStyle = `rgb(${paper})`;
      ctx.fill();
      ctx.stroke();
    }
  }

  // The network's picture: the stepper's own, showing parameters and their gradients at one time.
  network() {
    const t = decode(this.data.picture), grad = new Float64Array(t.n);
    const known = new Set(this.data.picture.parameters);
    const run = { t, p: 0, grad, got: new Uint32Array(t.n), computed: (i) => known.has(i), status: (i) => (known.has(i) ? "partial" : "untouched") };
    const holder = h("div", { class: "mg-graph" });
    this.net.append(h("p", { class: "mg-title" }, "Parameters, in boxes the mean |p| and |g|. Gradients: blue above 0, orange below, grey in boxes; the stronger, the larger"), holder);
    this.tree = new Tree(t);
    this.picture = new Picture(holder, t, this.tree, this.owner = { uid: `mgt${Math.random().toString(36).slice(2)}`, state: { breaks: [], zoom: 1 } });
    this.run = run;
    const draw = () => {
      this.picture.build([this.tree.item[t.root]]);
      this.picture.paint(scene({ t, run, tree: this.tree, state: this.owner.state }, [...this.picture.nodes.keys()], false));
    };
    holder.addEventListener("click", (event) => {
      const x = Number(event.target.closest?.("[data-thing]")?.dataset.thing ?? -1);
      if (x < 0) return;
      const around = this.tree.around(x), open = Array.from(this.tree.open).flatMap((on, g) => (on ? [g] : []));
      if (this.tree.isBox(x)) this.tree.show([...open, x - this.tree.n]);
      else if (around >= 0) this.tree.show(open.filter((g) => g !== around - this.tree.n));
      else return;
      draw();
      this.show();
    });
    draw();
  }

  heat(shot) {
    const { picture, run, tree } = this, { t } = run;
    this.data.picture.parameters.forEach((i, k) => { if (i >= 0) { run.grad[i] = shot.grad[k]; t.data[i] = shot.data[k]; } });
    const known = new Set(this.data.picture.parameters);
    const size = new Map();
    for (const x of picture.nodes.keys()) {
      const inside = (tree.isBox(x) ? Array.from(tree.inside(x)) : [x]).filter((i) => known.has(i));
      size.set(x, inside.length ? inside.reduce((s, i) => s + Math.abs(run.grad[i]), 0) / inside.length : null);
    }
    const sizes = [...size.values()].filter((s) => s > 0), most = Math.max(...sizes, 1e-300), least = Math.max(Math.min(...sizes, most), most * 1e-4);
    for (const [x, mean] of size) {
      const made = picture.nodes.get(x), rect = made.group.querySelector(".mg-rect");
      if (mean === null) { rect.style.fill = ""; made.data.textContent = made.grad.textContent = ""; continue; }
      const heat = mean > 0 ? (most === least ? 1 : Math.max(0, Math.log(mean / least) / Math.log(most / least))) : 0;
      const box = tree.isBox(x), hue = box ? "--dim" : run.grad[x] < 0 ? "--changed" : "--read";
      rect.style.fill = `color-mix(in srgb, var(${hue}) ${mean > 0 ? Math.round(8 + 34 * heat) : 0}%, var(--paper))`;
      const values = box ? Array.from(tree.inside(x)).filter((i) => known.has(i)) : [x];
      made.data.previousSibling.textContent = box ? "|p|" : "data";
      made.grad.previousSibling.textContent = box ? "|g|" : "grad";
      made.data.textContent = fmt(box ? values.reduce((s, i) => s + Math.abs(t.data[i]), 0) / values.length : t.data[x]);
      made.grad.textContent = fmt(box ? mean : run.grad[x]);
      made.group.classList.remove("mg-off");
    }
  }
}

export function mount(el, data, host) {
  el.training = new Training(el, data, host);
  return el.training;
}

// The picture: one SVG, laid out when what is seen changes, then repainted node by node.

import { curve, layout } from "./stepper_layout.js";
import { counted, fmt, nameOf, shorten, signOf } from "./stepper_math.js";
import { LIMIT } from "./stepper_tree.js";
import { Viewport } from "./viewport.js";

const W = 136, H = 62, NS = "http://www.w3.org/2000/svg";
const TAG = 52, NUMBER = W - 9 - 52, NAME = 111; // room for letters: on edges (never wider than a gap), beside a key, of a name and a sign
const HIGH = 540, READABLE = 0.6; // pixels of the picture at most; the scale at which letters can still be read
const MARK = { untouched: "○", partial: "◐", finished: "●" };

export const svg = (tag, attrs = {}, ...children) => {
  const made = document.createElementNS(NS, tag);
  for (const [key, value] of Object.entries(attrs)) made.setAttribute(key, value);
  made.append(...children);
  return made;
};

const pen = document.createElement("canvas").getContext("2d");
const measure = (text, weight, size, face) => {
  pen.font = `${weight} ${size}px ${face}`;
  return pen.measureText(text).width;
};

// A name, as much of it as stands beside the operation's sign.
const beside = (name, sign, face) => {
  let most = Math.max(3, 15 - Math.min(10, sign.length));
  const room = NAME - measure(sign, "400", 12.5, face);
  while (most > 2 && measure(shorten(name, most), "650", 12.5, face) > room) most--;
  return shorten(name, most);
};

// Where a tag stands on its line: in the middle, or a little aside where another tag or a box is.
const spot = (points, wide, around) => {
  const mid = points.length >> 1, [x0, y0] = points[mid - 1], [x1, y1] = points[mid];
  const places = [0.5, 0.35, 0.65, 0.25, 0.75].map((t) => [x0 + (x1 - x0) * t, y0 + (y1 - y0) * (y0 === y1 ? t : 3 * t * t - 2 * t * t * t)])
    .filter(([x], k) => !k || Math.min(x - x0, x1 - x) >= wide / 2);
  const [x, y] = places[0];
  for (let k = 1; k < points.length; k++) {
    const [[a, b], [c, d]] = [points[k - 1], points[k]];
    if (Math.abs(c - a) > wide) places.push([(a + c) / 2, (b + d) / 2]);
  }
  places.push([x, y + 19], [x, y - 19]);
  return places.find((p) => around.every(([a, b, c, d]) => Math.abs(p[0] - a) > c || Math.abs(p[1] - b) > d)) || places[0];
};

// A value as a screen reader says it: what it is, of what, and where its numbers stand.
const spoken = (t, x, { on, data, grad, status, stopped }) => {
  const args = Array.from(t.args.subarray(t.start[x], t.start[x + 1])).filter((a) => a < t.n).map((a) => nameOf(t, a));
  return [nameOf(t, x), t.when[x] < 0 ? "leaf" : `${signOf(t, x)} of ${args.join(" and ")}`, on ? `data ${fmt(data)}` : "not computed",
    `gradient ${fmt(grad)}`, ...(status ? [status] : []), ...(stopped ? ["breakpoint"] : []),
    ...(t.marks[x] || []).map((m) => `warning: ${m}`)].join(", ");
};

export class Picture {
  // owner: its `uid`, the `state` with the zoom, and `zoomed`, which (if there) hears of another zoom.
  constructor(holder, t, tree, owner) {
    Object.assign(this, { holder, t, tree, owner });
    this.svg = svg("svg", { class: "mg-svg", focusable: "false" });
    holder.append(this.svg);
    this.view = new Viewport(holder, null, {
      first: READABLE, limits: () => [Math.min(this.view.whole(), 0.3 * this.base), 4 * this.base],
      on: ({ k }) => { if (!this.placing) owner.zoomed?.(k / this.base); },
    });
    this.face = getComputedStyle(holder).fontFamily || "sans-serif";
  }

  // Lay out what is seen: everything, or what is around `focus` (things) where there is too much.
  build(focus) {
    const { tree, t } = this;
    let things = tree.items;
    this.partly = things.length > LIMIT;
    if (this.partly) things = tree.nearby(focus);
    const at = new Map(things.map((x, i) => [x, i]));
    const boxes = things.map((x) => ({ w: W, h: H, key: tree.isBox(x) ? tree.inside(x).at(-1) : x }));
    const edges = tree.edges.filter((e) => at.has(e.a) && at.has(e.b));
    const pairs = new Map();
    for (const e of edges) {
      const key = `${e.a},${e.b}`;
      if (!pairs.has(key)) pairs.set(key, { a: at.get(e.a), b: at.get(e.b), edges: [] });
      pairs.get(key).edges.push(e);
    }
    const bundles = [...pairs.values()];
    const plan = layout(boxes, bundles);
    this.width = plan.width + 24;
    this.height = plan.height + 24;
    this.nodes = new Map();
    this.edges = new Map();
    this.svg.replaceChildren();
    this.fit();
    const under = svg("g", { class: "mg-edges", "aria-hidden": "true" }), over = svg("g"), tags = svg("g", { class: "mg-tags", "aria-hidden": "true" });
    this.svg.append(this.heads(), under, over, tags);
    under.classList.toggle("mg-dense", edges.length > 150);
    things.forEach((x, i) => over.append(this.node(x, plan.x[i] + 12, plan.y[i] + 12)));
    this.ports(bundles, plan);
    bundles.forEach(({ edges: same, route }) => {
      same.forEach((e, k) => this.edge(e, route, (k - (same.length - 1) / 2) * 20, under, tags));
    });
    this.labels = things.length <= 60 && tree.n <= 400;
    this.last = null; // the scene that is painted
  }

  heads() {
    const head = (id, turn) => svg("marker", {
      id: `${this.owner.uid}-${id}`, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7,
      orient: turn, markerUnits: "userSpaceOnUse",
    }, svg("path", { d: "M0,0.5L8,4L0,7.5z", class: "mg-head" }));
    return svg("defs", {}, head("to", "auto"), head("from", "auto-start-reverse"));
  }

  node(x, cx, cy) {
    const { t, tree } = this, box = tree.isBox(x), g = x - tree.n;
    const name = box ? tree.name[g] : nameOf(t, x);
    const leaf = !box && t.when[x] < 0;
    const group = svg("g", {
      class: `mg-node ${box ? "mg-box" : leaf ? "mg-leaf" : "mg-value"}`,
      transform: `translate(${cx - W / 2},${cy - H / 2})`, "data-thing": x, role: "img",
    });
    if (box) group.append(svg("rect", { class: "mg-back", x: 4, y: -4, width: W, height: H, rx: 5 }));
    group.append(svg("rect", { class: "mg-rect", width: W, height: H, rx: leaf ? 16 : 5 }));
    const text = (cls, tx, ty, anchor = "start") => {
      const made = svg("text", { class: cls, x: tx, y: ty, "text-anchor": anchor });
      group.append(made);
      return made;
    };
    const title = svg("title");
    const op = box ? "▸" : leaf ? "" : signOf(t, x);
    const sign = op.length > 12 ? `${op.slice(0, 11)}…` : op;
    text("mg-name", 10, 17).textContent = beside(name, sign, this.face);
    text("mg-op", W - 9, 17, "end").textContent = sign;
    const row = (key, y) => {
      text("mg-key", 10, y).textContent = key;
      return text("mg-num", W - 9, y, "end");
    };
    const made = { group, title, cx, cy, name };
    made.data = row(box ? "out" : "data", 36);
    made.grad = row(box ? "Σ|grad|" : "grad", 53);
    if (!box) made.mark = text("mg-state", 38, 53);
    made.stop = svg("circle", { class: "mg-stop", cx: 0, cy: 0, r: 6 });
    group.append(made.stop, title);
    if (!box && t.marks[x]) {
      group.classList.add("mg-wrong");
      group.append(svg("path", { class: "mg-warn", d: `M${W - 8},-8l9,16h-18z` }));
      const bang = svg("text", { class: "mg-bang", x: W - 8, y: 6, "text-anchor": "middle" });
      bang.textContent = "!";
      group.append(bang);
    }
    this.nodes.set(x, made);
    return group;
  }

  // Where edges meet the left side of a node: one place each, in the order they come from.
  ports(bundles, plan) {
    const into = new Map();
    bundles.forEach((bundle, k) => {
      bundle.route = plan.routes[k].map(([x, y]) => [x + 12, y + 12]);
      if (!into.has(bundle.b)) into.set(bundle.b, []);
      into.get(bundle.b).push(bundle);
    });
    for (const list of into.values()) {
      list.sort((p, q) => p.route.at(-2)[1] - q.route.at(-2)[1]);
      const gap = Math.min(14, (H - 16) / list.length);
      list.forEach((bundle, k) => { bundle.route.at(-1)[1] += (k - (list.length - 1) / 2) * gap; });
    }
  }

  edge(e, route, bend, under, tags) {
    const points = route.map(([x, y]) => [x, y]);
    if (bend && points.length === 2) {
      const [[x0, y0], [x1, y1]] = points;
      points.splice(1, 0, [(x0 + x1) / 2 - 6, (y0 + y1) / 2 + bend], [(x0 + x1) / 2 + 6, (y0 + y1) / 2 + bend]);
    } else if (bend) for (const point of points.slice(1, -1)) point[1] += bend;
    const path = svg("path", { class: "mg-edge", d: curve(points) });
    path.style.strokeWidth = e.count > 1 ? `${Math.min(6, 1.4 + Math.log10(e.count) * 1.4)}` : "";
    under.append(path);
    this.edges.set(`${e.a},${e.b},${e.slot}`, { path, tags, points, tag: null });
  }

  find(a, b, slot) {
    return this.edges.get(`${a},${b},${slot}`) || this.edges.get(`${a},${b},-1`);
  }

  // Write a local derivative on an edge (undefined takes it away).
  label(edge, tag) {
    edge.tag?.remove();
    edge.tag = null;
    if (!tag) return;
    const text = tag.partial === null ? "?" : fmt(tag.partial), full = measure(text, "650", 12, this.face), wide = Math.min(full, TAG) + 8;
    const label = svg("text", { "text-anchor": "middle", y: 4 });
    label.textContent = text;
    if (full > TAG) label.style.fontSize = `${(12 * TAG) / full}px`;
    if (!(edge.room >= wide)) { // a tag that still fits stays where it was
      const tags = [...this.edges.values()].filter((e) => e.tag).map((e) => [...e.at, wide, 18]);
      const boxes = [...this.nodes.values()].map(({ cx, cy }) => [cx, cy, (W + wide) / 2, (H + 18) / 2]);
      edge.at = spot(edge.points, wide, [...tags, ...boxes]);
      edge.room = wide;
    }
    edge.tag = svg("g", { class: `mg-tag${tag.hot ? " mg-hot" : ""}`, transform: `translate(${edge.at})` },
      svg("rect", { x: -wide / 2, y: -9, width: wide, height: 18, rx: 9 }), label);
    edge.tags.append(edge.tag);
  }

  // A number in a box, in smaller letters where it would reach its key.
  number(at, text) {
    const wide = measure(text, "400", 12.5, this.face);
    at.textContent = text;
    at.style.fontSize = wide > NUMBER ? `${(12.5 * NUMBER) / wide}px` : "";
  }

  // Bring the picture to a scene, touching what differs from the one before.
  paint(next) {
    const old = this.last;
    for (const [x, look] of next.looks) {
      const was = old?.looks.get(x);
      if (!was || Object.keys(look).some((key) => !Object.is(look[key], was[key]))) this.dress(x, look);
    }
    for (const key of old ? old.tags.keys() : []) if (!next.tags.has(key) && this.edges.get(key)) this.label(this.edges.get(key));
    for (const [key, tag] of next.tags) {
      const was = old?.tags.get(key), edge = this.edges.get(key);
      if (edge && !(was && Object.is(was.partial, tag.partial) && was.hot === tag.hot)) this.label(edge, tag);
    }
    for (const { a, b, slot } of old?.edges || []) this.find(a, b, slot)?.path.classList.remove("mg-live", "mg-live-back");
    for (const e of next.edges) this.work(this.find(e.a, e.b, e.slot), e.back);
    if (old?.selected !== next.selected) {
      this.nodes.get(old?.selected)?.group.classList.remove("mg-selected");
      this.nodes.get(next.selected)?.group.classList.add("mg-selected");
    }
    this.last = next;
  }

  // The numbers, marks and role of one thing.
  dress(x, look) {
    const made = this.nodes.get(x), css = made.group.classList, isBox = this.tree.isBox(x);
    if (isBox) this.number(made.data, look.none ? "·" : look.done < look.steps ? `${look.done}/${look.steps}` : fmt(look.data));
    else this.number(made.data, look.on ? fmt(look.data) : "·");
    this.number(made.grad, fmt(look.grad));
    if (made.mark) made.mark.textContent = MARK[look.status] || "";
    css.toggle("mg-off", !look.on);
    css.toggle("mg-stopped", look.stopped);
    for (const s of ["untouched", "partial", "finished"]) css.toggle(`mg-${s}`, s === look.status);
    for (const role of ["read", "changed"]) css.toggle(`mg-${role}`, role === look.role);
    if (look.role === "changed") made.group.setAttribute("aria-current", "step");
    else made.group.removeAttribute("aria-current");
    made.group.setAttribute("aria-label", isBox ? this.boxSpoken(x, made, look) : spoken(this.t, x, look));
    made.title.textContent = isBox ? this.boxTitle(x, made, look) : this.title(x, made, look);
  }

  title(x, { name }, { on, data, grad, got }) {
    const { t } = this;
    return `${name}${t.when[x] < 0 ? "" : ` (${signOf(t, x)})`}\ndata ${on ? data : "not computed yet"}\ngrad ${grad}\n` +
      (t.need[x] ? `${got} of ${t.need[x]} contributions\n` : "") + (t.marks[x] || []).map((m) => `⚠ ${m}\n`).join("");
  }

  boxSpoken(x, { name }, { done, steps, none, data, grad }) {
    return `${name}, closed box of ${this.tree.inside(x).length} values, ${done} of ${steps} operations done, ` +
      `last output ${none ? "none" : fmt(data)}, sum of the sizes of gradients ${fmt(grad)}`;
  }

  boxTitle(x, { name }, { done, steps, none, data, grad }) {
    return `${name}: ${counted(this.tree.inside(x).length)} values\n${done} of ${steps} operations done\n` +
      `last output ${none ? "–" : data}\nΣ|grad| ${grad}\nEnter opens it`;
  }

  // An edge at work, on top of the others.
  work(edge, back) {
    if (!edge) return;
    edge.path.classList.add(back ? "mg-live-back" : "mg-live");
    edge.path.parentNode.append(edge.path);
    edge.path.setAttribute(back ? "marker-start" : "marker-end", `url(#${this.owner.uid}-${back ? "from" : "to"})`);
    edge.path.removeAttribute(back ? "marker-end" : "marker-start");
  }

  // The scale at which zoom is 1: all of it, as far as text stays readable.
  get base() { return Math.max(this.view.whole(), READABLE); }

  // As high as the picture needs at that scale.
  fit() {
    const { holder, view, svg: drawing } = this, wide = Math.ceil(this.width), tall = Math.ceil(this.height);
    drawing.setAttribute("viewBox", `0 0 ${wide} ${tall}`);
    drawing.setAttribute("width", wide);
    drawing.setAttribute("height", tall);
    const k = Math.max(READABLE, Math.min(1, (holder.clientWidth || 900) / wide, (HIGH - 2) / tall));
    holder.style.height = `${Math.min(HIGH, Math.ceil(tall * k) + 2)}px`;
    this.placing = true; // the zoom is the person's, whatever is seen
    view.take(drawing);
    this.scale();
    this.placing = false;
  }

  // The scale that the state's zoom asks for.
  scale() {
    const { view } = this, k = this.base * this.owner.state.zoom;
    if (Math.abs(k - view.k) > 1e-9 * k) view.zoom(k / view.k);
  }

  // Move so that these things are in view.
  follow(things) {
    const found = things.map((x) => this.nodes.get(x)).filter(Boolean);
    if (!found.length) return;
    const span = (key, size) => [Math.min(...found.map((v) => v[key])) - size / 2, Math.max(...found.map((v) => v[key])) + size / 2];
    const [[left, right], [top, low]] = [span("cx", W), span("cy", H)];
    this.view.show({ x: left, y: top, width: right - left, height: low - top });
  }
}

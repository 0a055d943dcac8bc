// The boxes of a drawn graph, opened and closed on its page: what is open is laid out anew and drawn as viz/drawn/svg.py draws.

import { layout } from "./stepper_layout.js";

const NS = "http://www.w3.org/2000/svg", EDGE = 18, TIP = 7, LINE = 15, PAD = 8, DOUBLE = 4, SIZE = 11, NOTE = 10, MARGIN = 10, HEAD = 20;
const TOP = -1;

export const tag = (name, attrs = {}, ...children) => {
  const made = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attrs)) if (value !== "" && value !== undefined) made.setAttribute(key, value);
  made.append(...children);
  return made;
};

const text = (x, y, said, { fill = "", anchor = "", bold = 0, size = SIZE } = {}) => tag("text", {
  x: x.toFixed(1), y: y.toFixed(1), "text-anchor": anchor, fill, "font-weight": bold ? "bold" : "", "font-size": size === SIZE ? "" : size,
}, said);

const rect = (x, y, w, h, r, fill, stroke = "", pen = 1) => tag("rect", {
  x: x.toFixed(1), y: y.toFixed(1), width: w.toFixed(1), height: h.toFixed(1), rx: r, fill, stroke, "stroke-width": pen === 1 ? "" : pen,
});

// A box as `opening.py` writes it.
const box = ([css, rows, fill, line, pen, tip, w, h, double, radius]) => ({ css, rows, fill, line, pen, tip, w, h, double, radius, size: SIZE });

export class Boxes {
  // sides: of a comparison, the drawings of what either side has alone.
  constructor(data, drawing, sides = []) {
    this.d = data;
    this.n = data.of.length;
    this.first = drawing;
    this.sides = sides;
    this.gone = (data.gone || []).map((edges) => new Set(edges));
    this.open = new Set(data.open);
    this.start = [...data.open].sort((a, b) => a - b).join();
    this.members = data.parent.map(() => []);
    data.of.forEach((g, i) => { for (; g !== TOP; g = data.parent[g]) this.members[g].push(i); });
    this.refresh();
  }

  // What shows each value: itself, or n + g for the outermost closed box around it.
  refresh() {
    const { d, n, open } = this, seen = d.parent.map(() => undefined);
    const shown = (g) => { // the outermost closed box from g on, TOP where all are open
      const path = [];
      for (; g !== TOP && seen[g] === undefined; g = d.parent[g]) path.push(g);
      let outer = g === TOP ? TOP : seen[g];
      for (const inner of path.reverse()) seen[inner] = outer = outer === TOP && !open.has(inner) ? inner : outer;
      return outer;
    };
    this.item = d.of.map((g, i) => { const outer = shown(g); return outer === TOP ? i : n + outer; });
    this.things = [...new Set(this.item)].sort((x, y) => this.last(x) - this.last(y));
    this.byId = new Map(this.things.map((x) => [this.id(x), x]));
  }

  isBox(x) { return x >= this.n; }

  inside(x) { return this.isBox(x) ? this.members[x - this.n] : [x]; }

  last(x) { return this.isBox(x) ? this.members[x - this.n].at(-1) : x; }

  id(x) { return this.isBox(x) ? `f${this.members[x - this.n][0]}` : `n${x}`; }

  name(x) { return this.d.things[x][2]; }

  // The innermost frame, that is an open scope, that holds this thing.
  frame(x) {
    let g = this.isBox(x) ? this.d.parent[x - this.n] : this.d.of[x];
    while (g !== TOP && !this.d.frames[g]) g = this.d.parent[g];
    return g;
  }

  openBox(x) { this.open.add(x - this.n); this.refresh(); }

  closeBox(g) { this.open.delete(g); this.refresh(); }

  // The innermost open box around a thing, TOP where there is none.
  around(x) { return this.isBox(x) ? this.d.parent[x - this.n] : this.d.of[x]; }

  reveal(i) {
    for (let g = this.d.of[i]; g !== TOP; g = this.d.parent[g]) this.open.add(g);
    this.refresh();
  }

  revealBox(x) {
    for (let g = this.d.parent[x - this.n]; g !== TOP; g = this.d.parent[g]) this.open.add(g);
    this.refresh();
  }

  // ------------------------------------------------------------ drawing

  // The picture of what is open: the one that came with the page where nothing was changed. side: 0 or 1 of a comparison.
  draw(side = -1) {
    const first = side < 0 ? this.first : this.sides[side], state = [...this.open].sort((a, b) => a - b).join();
    if (state === this.start) return first;
    if (this.plan?.state !== state) {
      const parts = this.parts(), places = this.place(parts);
      this.plan = { state, parts, places, extent: this.extent(parts, places) };
    }
    const { places, extent: { left, top, right, bottom } } = this.plan, parts = side < 0 ? this.plan.parts : this.alone(side);
    const at = ([x, y]) => [x - left + EDGE, y - top + EDGE], prefix = side < 0 ? "" : "ab"[side] + "-";
    const old = first.querySelector(":scope > g"), g = old.cloneNode(false), svg = first.cloneNode(false);
    for (const frame of places.frames) if (!parts.frames || parts.frames.has(frame.g)) g.append(this.drawFrame(frame, at));
    for (const line of parts.lines) g.append(this.drawLine(line, places, at, parts.dense));
    for (const b of parts.boxes) g.append(this.drawBox(b, at(places.boxes.get(b.id))));
    for (const part of prefix ? g.children : []) part.id = prefix + part.id;
    const below = [...old.children].filter((child) => child.tagName !== "g");
    const [, , width] = first.getAttribute("viewBox").split(" ").map(Number);
    const words = below.length ? this.below(below, bottom - top) : 0;
    if (words) g.append(words.group);
    const w = Math.round(Math.max(right - left, words ? width - 2 * EDGE : 0) + 2 * EDGE);
    const h = Math.round(bottom - top + 2 * EDGE + (words ? words.high : 0));
    svg.setAttribute("viewBox", `0 0 ${w} ${h}`);
    svg.setAttribute("width", `${w}pt`);
    svg.setAttribute("height", `${h}pt`);
    svg.style.cssText = "";
    svg.append(first.querySelector(":scope > title").cloneNode(true), rect(0, 0, w, h, 0, this.d.paper), g);
    return svg;
  }

  // What one side of a comparison has of it, with its own numbers and operations.
  alone(side) {
    const { parts } = this.plan, things = this.d.sides[side], gone = this.gone[side], frames = new Set();
    const boxes = parts.boxes.flatMap((b) => {
      const mine = things[b.x], [rows, tip, sign] = mine === 1 ? [b.rows, b.tip, "?"] : mine || [];
      if (!rows || (b.sign && !sign)) return [];
      for (let g = b.frame; g !== TOP; g = this.d.parent[g]) frames.add(g);
      if (mine === 1) return [b];
      return [{ ...b, tip, rows: b.sign ? [[sign, null, 0, ""]] : rows }];
    });
    const there = new Set(boxes.map(({ id }) => id));
    const lines = parts.lines.filter((line) => (line.arrow ? line.edges.some((edge) => !gone.has(edge)) : there.has(line.src) && there.has(line.dst)));
    return { boxes, frames, dense: parts.dense, lines: lines.map((line) => ({ ...line, text: "", tip: line.tip.split(", only in")[0] })) };
  }

  // The words under the first picture, moved under this one; the sentence on what is folded is said anew.
  below(old, high) {
    const [, , , height] = this.first.getAttribute("viewBox").split(" ").map(Number), group = tag("g");
    const first = old.find((e) => e.tagName === "text"); // see svg.py: notes begin 24 below the drawing, a legend without any 34
    const was = Number(first.getAttribute("y")) - EDGE - (/^(grad|Σ)/.test(first.textContent) ? 34 : 24);
    for (const part of old) {
      const made = part.cloneNode(true);
      if (this.d.note && made.textContent.startsWith(this.d.note)) {
        const folded = this.things.some((x) => this.isBox(x));
        made.textContent = folded ? `${this.n.toLocaleString("en")} values shown as ${this.things.length.toLocaleString("en")} boxes; a double frame holds several values` : "";
      }
      made.setAttribute("y", Number(made.getAttribute("y")) + high - was);
      group.append(made);
    }
    return { group, high: height - was - 2 * EDGE };
  }

  parts() {
    const { d, n, item, things } = this, boxes = [], stems = [], lines = [], where = new Map();
    for (const x of things) {
      const [drawn, circle] = d.things[x], made = box(drawn);
      if (circle) {
        const [said, w, h, size] = circle, [fill, line] = d.op;
        boxes.push({ id: `n${x}-op`, x, sign: true, css: "node op", rows: [[said, null, 0, ""]], fill, line, pen: 1, tip: made.tip, w, h, double: 0, radius: h / 2, size, frame: this.frame(x) });
        stems.push({ id: `n${x}-stem`, src: `n${x}-op`, dst: `n${x}`, tip: "", text: "", pen: 1, arrow: false });
      }
      made.id = this.id(x);
      made.x = x;
      made.frame = this.frame(x);
      boxes.push(made);
      where.set(x, circle ? `n${x}-op` : made.id);
    }
    const bundles = new Map();
    let count = 0;
    for (const x of things) {
      for (const i of this.inside(x)) {
        d.args[i].forEach((a, k) => {
          const from = item[a];
          if (from === x) return;
          if (from < n && x < n) {
            const slot = d.operands[i][k], [tip, said, ...room] = d.lines[`n${a},n${i},${slot}`];
            lines.push({ id: `e-n${a}-n${i}-${slot}`, src: `n${a}`, dst: where.get(x), tip, text: said || "", room, pen: 0, arrow: true, edges: [`${a},${i}`] });
            count++;
          } else if (bundles.has(`${from},${x}`)) bundles.get(`${from},${x}`).edges.push(`${a},${i}`);
          else {
            const made = { id: `e-${this.id(from)}-${this.id(x)}-${d.operands[i][k]}`, src: this.id(from), dst: where.get(x), a: from, b: x, edges: [`${a},${i}`], text: "", pen: 0, arrow: true };
            bundles.set(`${from},${x}`, made);
            lines.push(made);
            count++;
          }
        });
      }
    }
    const dense = count > 4 * things.length;
    for (const line of lines) {
      line.pen = dense ? 0.5 : 1;
      if (line.a === undefined) continue;
      const many = line.edges.length;
      line.pen *= Math.min(1 + Math.log10(many) / 2, 3);
      line.tip = `${this.name(line.a)} → ${this.name(line.b)}` + (many > 1 ? `: ${many.toLocaleString("en")} edges` : "");
    }
    return { boxes, lines: [...stems, ...lines], dense };
  }

  place({ boxes, lines }) {
    const { way } = this.d, turned = way === "TB" || way === "BT", back = way === "RL" || way === "BT";
    const at = new Map(boxes.map((b, i) => [b.id, i])), all = boxes.map(({ w, h }, i) => ({ w, h, key: 2 * i })), edges = [];
    const pieces = lines.map((line) => {
      const a = at.get(line.src), b = at.get(line.dst);
      if (!line.text) return [edges.push({ a, b }) - 1];
      const middle = all.push({ w: line.room[0], h: line.room[1], key: (all[a].key + all[b].key) >> 1 }) - 1;
      line.middle = middle;
      return [edges.push({ a, b: middle }) - 1, edges.push({ a: middle, b }) - 1];
    });
    const plan = layout(turned ? all.map(({ w, h, key }) => ({ w: h, h: w, key })) : all, edges);
    const turn = ([x, y]) => { const along = back ? plan.width - x : x; return turned ? [y, along] : [along, y]; };
    const centre = (i) => turn([plan.x[i], plan.y[i]]);
    const places = { boxes: new Map(boxes.map((b, i) => [b.id, centre(i)])), lines: new Map(), texts: new Map(), frames: [] };
    lines.forEach((line, k) => {
      const route = pieces[k].flatMap((piece) => plan.routes[piece].map(turn)), points = [route[0]];
      for (let i = 1; i < route.length; i++) {
        const [[x0, y0], [x1, y1]] = [route[i - 1], route[i]], x = (x0 + x1) / 2, y = (y0 + y1) / 2;
        points.push(...(turned ? [[x0, y], [x1, y]] : [[x, y0], [x, y1]]), [x1, y1]);
      }
      places.lines.set(line.id, points);
      if (line.text) places.texts.set(line.id, centre(line.middle));
    });
    this.frames(boxes, places);
    return places;
  }

  // Frames around what belongs together, as far as nothing else stands there.
  frames(boxes, places) {
    const { d } = this, depth = new Map(), inside = new Map();
    const outer = (g) => { do g = d.parent[g]; while (g !== TOP && !d.frames[g]); return g; };
    for (const b of boxes) for (let g = b.frame; g !== TOP; g = outer(g)) inside.set(g, (inside.get(g) || new Set()).add(b.id));
    const order = [...inside.keys()].sort((a, b) => a - b);
    for (const g of [...order].reverse()) {
      const up = outer(g);
      if (up !== TOP) depth.set(up, Math.max(depth.get(up) || 0, (depth.get(g) || 0) + 1));
    }
    for (const g of order) {
      const mine = inside.get(g), deep = depth.get(g) || 0, room = MARGIN * (deep + 1), [said, tip, wide] = d.frames[g];
      const all = boxes.map((b) => { const [x, y] = places.boxes.get(b.id); return [mine.has(b.id), x - b.w / 2, y - b.h / 2, x + b.w / 2, y + b.h / 2]; });
      const own = all.filter(([is]) => is), least = (k) => own.reduce((m, r) => Math.min(m, r[k]), Infinity), most = (k) => own.reduce((m, r) => Math.max(m, r[k]), -Infinity);
      const r = [least(1) - room, least(2) - room - HEAD * (deep + 1) + 6, Math.max(most(3), least(1) + wide - room) + room, most(4) + room];
      if (all.every(([is, x0, y0, x1, y1]) => is || x1 < r[0] || x0 > r[2] || y1 < r[1] || y0 > r[3])) places.frames.push({ g, r, said, tip });
    }
  }

  extent({ boxes, lines }, places) {
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    const grow = (x0, y0, x1 = x0, y1 = y0) => {
      left = Math.min(left, x0); top = Math.min(top, y0); right = Math.max(right, x1); bottom = Math.max(bottom, y1);
    };
    for (const b of boxes) { const [x, y] = places.boxes.get(b.id); grow(x - b.w / 2, y - b.h / 2, x + b.w / 2, y + b.h / 2); }
    for (const points of places.lines.values()) for (const [x, y] of points) grow(x, y);
    for (const line of lines) if (line.text) { const [x, y] = places.texts.get(line.id), [w, h] = line.room; grow(x - w / 2, y - h / 2, x + w / 2, y + h / 2); }
    for (const { r } of places.frames) grow(...r);
    return { left, top, right, bottom };
  }

  drawFrame({ g, r, said, tip }, at) {
    const [fill, line, muted] = this.d.cluster, [x, y] = at(r);
    return tag("g", { id: `frame-${g}`, class: "cluster", "data-box": g }, tag("title", {}, tip), rect(x, y, r[2] - r[0], r[3] - r[1], 8, fill, line),
      text(x + 9, y + 15, said, { fill: muted, anchor: "start" }));
  }

  drawBox(b, [cx, cy]) {
    const made = tag("g", { id: b.id, class: b.css }, tag("title", {}, b.tip));
    let [x, y] = [cx - b.w / 2, cy - b.h / 2];
    if (b.double) {
      made.append(rect(x, y, b.w, b.h, b.radius, this.d.paper, b.line, b.pen));
      x += DOUBLE; y += DOUBLE;
    }
    const inner = b.double ? 2 * DOUBLE : 0;
    made.append(b.radius * 2 >= b.w ? tag("ellipse", { cx: cx.toFixed(1), cy: cy.toFixed(1), rx: b.w / 2, ry: b.h / 2, fill: b.fill, stroke: b.line })
      : rect(x, y, b.w - inner, b.h - inner, b.radius - inner / 2, b.fill, b.line, b.pen));
    const top = cy - (b.rows.length * LINE) / 2;
    b.rows.forEach(([said, number, bold, fill, parts], k) => {
      const base = top + (k + 0.5) * LINE + 0.36 * b.size;
      if (number === null) made.append(text(cx, base, said, { fill, bold, size: b.size }));
      else made.append(text(x + PAD, base, said, { fill, anchor: "start" }), inked(text(x + b.w - inner - PAD, base, number, { anchor: "end" }), parts, this.d.faint));
    });
    return made;
  }

  drawLine(line, places, at, dense) {
    let points = places.lines.get(line.id).map(at), head = null;
    const { line: colour, paper, tint } = this.d;
    if (line.arrow) [points, head] = headed(points, colour, TIP * (dense ? 0.7 : 1));
    let d = `M${points[0].map((v) => v.toFixed(1))}`;
    for (let k = 1; k < points.length; k += 3) d += `C${points.slice(k, k + 3).map((p) => p.map((v) => v.toFixed(1)).join()).join(" ")}`;
    const made = tag("g", { id: line.id, class: line.arrow ? "edge" : "edge stem" }, ...(line.tip ? [tag("title", {}, line.tip)] : []),
      tag("path", { fill: "none", stroke: colour, "stroke-width": line.pen === 1 ? "" : line.pen, d }), ...(head ? [head] : []));
    if (line.text) {
      const [x, y] = at(places.texts.get(line.id)), [w, h] = [line.room[0] - 4, line.room[1] - 2];
      made.append(rect(x - w / 2, y - h / 2, w, h, 3, paper), text(x, y + 0.36 * NOTE, line.text, { fill: tint, size: NOTE }));
    }
    return made;
  }
}

// A number whose middle part is not certain, and drawn faint.
function inked(made, parts, faint) {
  if (parts) made.replaceChildren(parts[0], tag("tspan", { class: "faint", fill: faint }, parts[1]), parts[2]);
  return made;
}

// The line up to its arrow's head, and the head.
function headed(points, fill, long) {
  const [x, y] = points.at(-1), far = (p) => Math.hypot(p[0] - x, p[1] - y);
  let back = points.at(-2);
  for (let k = points.length - 2; k >= 0; k--) { back = points[k]; if (far(back) >= long) break; }
  const all = far(back) || 1, ux = (x - back[0]) / all, uy = (y - back[1]) / all, [bx, by, half] = [x - ux * long, y - uy * long, long / 3];
  const p = [[x, y], [bx - uy * half, by + ux * half], [bx + uy * half, by - ux * half]].map((q) => q.map((v) => v.toFixed(1)).join());
  return [[...points.slice(0, -1), [x - (ux * long) / 2, y - (uy * long) / 2]], tag("path", { fill, d: `M${p[0]}L${p[1]}L${p[2]}z` })];
}

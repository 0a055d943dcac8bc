// The page of a picture: find your way in it, select, open and close boxes; rows of the tables and their nodes light up together.

import { Find } from "./find.js";
import { Viewport, buttons, key } from "./viewport.js";

const KEYS = [
  ["click, tap", "select a value or a box"], ["double click, Enter", "open a box; on a frame: close it"],
  ["drag", "move the picture (a finger: after a tap on it; else it scrolls the page)"],
  ["Ctrl or ⌘ + wheel, pinch", "zoom at the pointer; after a click the wheel alone"],
  ["← → ↑ ↓", "to the next box that way"], ["Shift + ← → ↑ ↓", "move the picture"],
  ["+ − 0", "zoom in, zoom out, the whole picture"], ["/", "find by name; Enter the next, Shift + Enter the one before"],
  ["f", "close the box around what is selected"], ["Escape", "select nothing"], ["?", "this table"],
];

const h = (name, attrs = {}, ...children) => {
  const made = document.createElement(name);
  for (const [at, value] of Object.entries(attrs)) made.setAttribute(at, value);
  made.append(...children);
  return made;
};

export class Page {
  constructor(figure, boxes = null) {
    this.figure = figure;
    this.svg = figure.querySelector("svg");
    this.boxes = boxes;
    this.selected = null;
    this.rows = [...document.querySelectorAll("tr[data-node]")];
    this.holder = h("div", { class: "mg-holder", tabindex: "0", role: "group", "aria-label": "The picture. Arrow keys go from box to box, slash finds by name, question mark lists all keys." });
    this.holder.append(this.svg);
    this.said = h("p", { class: "mg-said", role: "status" });
    this.shut = h("p", { class: "mg-shut" });
    this.help = h("dl", { class: "mg-help", id: "mg-help" });
    this.help.hidden = true;
    for (const [what, does] of KEYS) if (this.boxes || !/box(;| around)/.test(does)) this.help.append(h("div", {}, h("dt", {}, what), h("dd", {}, does)));
    this.find = new Find(this);
    this.view = new Viewport(this.holder, null, { first: 0.75 });
    this.helper = this.button("?", "Keys and gestures", "?", () => this.toggle());
    this.helper.setAttribute("aria-expanded", "false");
    this.helper.setAttribute("aria-controls", "mg-help");
    const tools = h("div", { class: "mg-tools", role: "toolbar", "aria-label": "The picture" }, ...buttons(this.view, this.button), this.helper, this.find.el);
    figure.removeAttribute("tabindex");
    figure.classList.add("mg-live");
    figure.prepend(tools, this.help);
    figure.append(this.holder, this.said, this.shut);
    this.high();
    this.view.take(this.svg);
    this.listen();
    this.chips();
    const { first, in: box } = figure.dataset, cut = this.view.height * this.view.k > this.view.room[1] + 2;
    const node = this.node(first) || this.node(box) || (cut && this.svg.querySelector(".node.root"));
    if (node) this.view.show(this.rect(node)); // where the page says that one looks first, or the result: a corner of a tall picture is empty
  }

  button(face, label, keys, act) {
    const made = h("button", { type: "button", "aria-label": label, title: `${label} (${keys})` }, face);
    made.addEventListener("click", act);
    return made;
  }

  // As high as the picture needs at its readable size, and no more than a part of the window.
  high() {
    const [, , w, tall] = this.svg.getAttribute("viewBox").split(" ").map(Number), wide = this.holder.clientWidth;
    const k = Math.min(1, Math.max(0.75, wide / (w * 4 / 3)));
    for (const table of document.querySelectorAll(".scroll")) { // what scrolls is reached by the keyboard
      const scrolls = table.scrollWidth > table.clientWidth, said = table.closest("section")?.querySelector("h2")?.textContent;
      for (const [name, value] of [["tabindex", "0"], ["role", "region"], ["aria-label", said || "table"]]) {
        if (scrolls) table.setAttribute(name, value);
        else table.removeAttribute(name);
      }
    }
    this.holder.style.height = `${Math.max(120, Math.min(tall * 4 / 3 * k + 2, innerHeight * 0.72))}px`;
  }

  toggle() {
    this.help.hidden = !this.help.hidden;
    this.helper.setAttribute("aria-expanded", String(!this.help.hidden));
  }

  // ------------------------------------------------------------ selecting

  node(id) { return id ? this.svg.querySelector(`[id="${CSS.escape(id)}"]`) : null; }

  nodes() { return [...this.svg.querySelectorAll(".node:not(.op)")]; }

  // The node of an event's target; an operation's circle means its value.
  hit(target) {
    const g = target.closest?.(".node");
    return g && this.svg.contains(g) ? g.id.replace(/-op$/, "") : null;
  }

  select(id, show = false) {
    this.node(this.selected)?.classList.remove("sel");
    this.mark(this.selected, false);
    this.selected = id;
    const node = this.node(id);
    this.said.replaceChildren();
    if (!node) return;
    node.classList.add("sel");
    this.mark(id, true);
    this.said.append(node.querySelector("title")?.textContent.split("\n").join(" · ") || "");
    const x = this.boxes?.byId.get(id);
    if (x !== undefined && this.boxes.isBox(x)) this.said.append(" ", this.button("Open", "Open this box", "Enter", () => { this.open(x); this.holder.focus(); }));
    if (show) this.view.show(this.rect(node));
  }

  rect(node) {
    const { x, y, width, height } = node.getBBox();
    return { x, y, width, height };
  }

  // A row of a table and its node in the picture.
  mark(id, on) {
    this.node(id)?.classList.toggle("on", on);
    for (const row of this.rows) if (this.shows(row) === id) row.classList.toggle("on", on);
  }

  // What shows a row's value: itself, or the box that it is in.
  shows(row) {
    const { node } = row.dataset, place = Number(node.slice(1));
    return this.node(node) ? node : this.boxes ? this.boxes.id(this.boxes.item[place]) : row.dataset.in;
  }

  // The nearest box in a direction; what a line leads to is nearer.
  toward(dx, dy) {
    const all = this.nodes(), here = this.node(this.selected);
    if (!here) return this.select((this.svg.querySelector(".node.root:not(.op)") || all[0])?.id, true);
    const middle = (g) => { const b = this.rect(g); return [b.x + b.width / 2, b.y + b.height / 2]; };
    const [x, y] = middle(here);
    let best = null, least = Infinity;
    for (const g of all) {
      const [a, b] = middle(g), along = (a - x) * dx + (b - y) * dy, aside = Math.abs((a - x) * dy + (b - y) * dx);
      const far = along + 2 * aside;
      if (g !== here && along > 4 && along >= aside * 0.5 && far < least) { best = g; least = far; }
    }
    if (best) this.select(best.id, true);
  }

  // ------------------------------------------------------------ boxes

  open(x) {
    const [left, top] = this.corner(this.node(this.boxes.id(x))), first = this.boxes.inside(x)[0];
    this.boxes.openBox(x);
    this.redraw();
    const id = this.boxes.id(this.boxes.item[first]);
    this.hold(id, left, top);
    this.select(id, true);
  }

  close(g) {
    const [left, top] = this.corner(this.node(this.selected) || this.svg), first = this.boxes.members[g][0];
    this.boxes.closeBox(g);
    this.redraw();
    const id = this.boxes.id(this.boxes.item[first]);
    this.hold(id, left, top);
    this.select(id, true);
  }

  redraw() {
    const old = this.svg;
    this.svg = this.boxes.draw();
    old.replaceWith(this.svg);
    this.view.fitted = "";
    this.view.take(this.svg);
    this.chips();
    this.found(this.find.items);
  }

  corner(node) {
    const box = node.getBoundingClientRect(), at = this.holder.getBoundingClientRect();
    return [box.left - at.left, box.top - at.top];
  }

  // What was opened stands where it stood.
  hold(id, left, top) {
    const [x, y] = this.corner(this.node(id));
    this.view.pan(left - x, top - y);
  }

  // What was opened, to close it again.
  chips() {
    if (!this.boxes) return;
    const { boxes } = this, opened = [...boxes.open].filter((g) => boxes.d.parent[g] < 0 || boxes.open.has(boxes.d.parent[g]));
    const made = opened.slice(0, 12).map((g) => this.button(`${boxes.name(boxes.n + g)} ▾`, `Close ${boxes.name(boxes.n + g)}`, "f", () => { this.close(g); this.holder.focus(); }));
    this.shut.replaceChildren(...(made.length ? ["Open: ", ...made] : []));
  }

  enter() {
    const x = this.boxes?.byId.get(this.selected);
    if (x !== undefined && this.boxes.isBox(x)) this.open(x);
    else this.fold();
  }

  fold() {
    const x = this.boxes?.byId.get(this.selected), g = x === undefined ? -1 : this.boxes.around(x);
    if (g >= 0) this.close(g);
  }

  // ------------------------------------------------------------ what the search asks

  all() {
    if (this.boxes) return this.boxes.d.things.map(([, , name], x) => ({ name, x }));
    return this.nodes().map((g) => ({ id: g.id, name: g.querySelector("text[font-weight=bold]")?.textContent || g.querySelector("title")?.textContent.split(/ = |\n/)[0] || g.id }));
  }

  idOf(item) { return item.id ?? (this.boxes.isBox(item.x) ? this.boxes.id(item.x) : this.boxes.id(this.boxes.item[item.x])); }

  found(items) {
    for (const g of this.svg.querySelectorAll(".found")) g.classList.remove("found");
    for (const item of items.slice(0, 2000)) this.node(this.idOf(item))?.classList.add("found");
  }

  go(item) {
    const { boxes } = this;
    if (item.x !== undefined && (boxes.isBox(item.x) ? !boxes.things.includes(item.x) && !boxes.open.has(item.x - boxes.n) : boxes.item[item.x] !== item.x)) {
      if (boxes.isBox(item.x)) boxes.revealBox(item.x);
      else boxes.reveal(item.x);
      this.redraw();
    }
    const id = this.idOf(item), inner = item.x !== undefined && boxes.isBox(item.x) && boxes.open.has(item.x - boxes.n);
    const shown = inner ? boxes.id(boxes.item[boxes.inside(item.x)[0]]) : id;
    this.select(shown);
    const node = this.node(shown);
    if (node) this.view.show(this.rect(node), true);
  }

  back() { this.holder.focus(); }

  // ------------------------------------------------------------ listening

  listen() {
    const { holder } = this, arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const acts = {
      Enter: () => this.enter(), f: () => this.fold(), "/": () => this.find.open(), "?": () => this.toggle(), Escape: () => this.select(null),
    };
    holder.addEventListener("keydown", (event) => {
      if (event.target !== holder || event.ctrlKey || event.metaKey || event.altKey) return;
      if (key(this.view, event)) return event.preventDefault();
      const act = arrows[event.key] ? () => this.toward(...arrows[event.key]) : acts[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    });
    document.addEventListener("keydown", (event) => { // as in a browser's own search, from anywhere on the page
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea") || event.defaultPrevented) return;
      event.preventDefault();
      this.find.open();
    });
    holder.addEventListener("click", (event) => this.select(this.hit(event.target)));
    holder.addEventListener("dblclick", (event) => {
      const frame = event.target.closest?.(".cluster[data-box]");
      if (frame) this.close(Number(frame.dataset.box));
      else if (this.hit(event.target)) this.enter();
    });
    for (const [type, on] of [["pointerover", true], ["pointerout", false]]) {
      holder.addEventListener(type, (event) => { const id = this.hit(event.target); if (id && id !== this.selected) this.mark(id, on); });
    }
    for (const row of this.rows) {
      row.addEventListener("pointerenter", () => this.mark(this.shows(row), true));
      row.addEventListener("pointerleave", () => { if (this.shows(row) !== this.selected) this.mark(this.shows(row), false); });
      row.addEventListener("click", () => { const id = this.shows(row); this.select(id); const node = this.node(id); if (node) this.view.show(this.rect(node)); });
    }
    addEventListener("resize", () => this.high());
  }
}

// Boxes: the class of what opens and closes boxes, on a page that has the data for it.
export function start(Boxes) {
  for (const figure of document.querySelectorAll("figure.mg-picture")) {
    const data = Boxes && JSON.parse(document.getElementById("mg-boxes").textContent);
    figure.page = new Page(figure, data && new Boxes(data, figure.querySelector("svg"))); // for tests and for the curious
  }
}

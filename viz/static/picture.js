// The page of a picture: find your way in it, select, open and close boxes; rows of the tables and their nodes light up together.

import { Find } from "./find.js";
import { Panes, h } from "./picture_panes.js";
import { buttons, key } from "./viewport.js";

const KEYS = [
  ["click, tap", "select a value or a box"], ["double click, Enter", "open a box; on a frame: close it"],
  ["drag", "move the picture (a finger: after a tap on it; else it scrolls the page)"],
  ["Ctrl or ⌘ + wheel, pinch", "zoom at the pointer; after a click the wheel alone"],
  ["← → ↑ ↓", "to the next box that way"], ["Shift + ← → ↑ ↓", "move the picture"],
  ["+ − 0", "zoom in, zoom out, the whole picture"], ["/", "find by name; Enter the next, Shift + Enter the one before"],
  ["f", "close the box around what is selected"], ["s", "one picture of both, or one for each"], ["Escape", "select nothing"], ["?", "this table"],
];

// options: root: the part of the page that the tables are in; alone: whether the page is this picture's, so that `/` finds from anywhere.
export class Page {
  constructor(figure, boxes = null, { root = document, alone = true } = {}) {
    this.figure = figure;
    this.boxes = boxes;
    this.root = root;
    this.alone = alone;
    this.off = new AbortController();
    this.selected = null;
    this.rows = [...root.querySelectorAll("tr[data-node]")];
    this.said = h("p", { class: "mg-said", role: "status" });
    this.shut = h("p", { class: "mg-shut" });
    this.help = h("dl", { class: "mg-help", id: "mg-help" });
    this.help.hidden = true;
    this.panes = new Panes(figure);
    const two = this.panes.sides.length > 0;
    if (boxes) boxes.sides = this.panes.sides.map(({ svg }) => svg);
    for (const [what, does] of KEYS) {
      if ((this.boxes || !/box(;| around)/.test(does)) && (two || what !== "s")) this.help.append(h("div", {}, h("dt", {}, what), h("dd", {}, does)));
    }
    this.find = new Find(this);
    this.helper = this.button("?", "Keys and gestures", "?", () => this.toggle());
    this.helper.setAttribute("aria-expanded", "false");
    this.helper.setAttribute("aria-controls", "mg-help");
    this.two = this.button("Side by side", "Side by side", "s", () => this.beside(!this.panes.two));
    this.two.setAttribute("aria-pressed", "false");
    const moved = { zoom: (by) => this.view.zoom(by), fit: () => this.view.fit() };
    const tools = h("div", { class: "mg-tools", role: "toolbar", "aria-label": "The picture" }, ...buttons(moved, this.button), ...(two ? [this.two] : []), this.helper, this.find.el);
    figure.removeAttribute("tabindex");
    figure.classList.add("mg-lit");
    figure.prepend(tools, this.help);
    figure.append(this.panes.el, this.said, this.shut);
    this.high();
    this.panes.take();
    this.listen();
    this.chips();
    if (figure.hasAttribute("data-beside")) this.beside(true);
    else this.begin();
  }

  get view() { return this.panes.view; }

  // Two pictures, one a side, or one of both.
  beside(on) {
    if (!this.panes.beside(on)) return;
    this.two.setAttribute("aria-pressed", String(on));
    this.high();
    this.panes.home();
    this.select(this.selected);
    this.found(this.find.items);
    this.begin();
  }

  // Where one looks first: what is selected, what the page says, or the result (a corner of a tall picture is empty).
  begin() {
    const { panes, view } = this, { first, in: box } = this.figure.dataset, cut = view.height * view.k > view.room[1] + 2;
    const node = panes.node(this.selected) || panes.node(first) || panes.node(box) || (cut && panes.nodes().find((g) => g.classList.contains("root")));
    if (node) view.show(panes.rect(node));
  }

  destroy() {
    this.off.abort();
    this.panes.destroy();
  }

  button(face, label, keys, act) {
    const made = h("button", { type: "button", "aria-label": label, title: `${label} (${keys})` }, face);
    made.addEventListener("click", act);
    return made;
  }

  // As high as the picture needs at its readable size, and no more than a part of the window.
  high() {
    this.panes.high();
    for (const table of this.root.querySelectorAll(".scroll")) { // what scrolls is reached by the keyboard
      const scrolls = table.scrollWidth > table.clientWidth, said = table.closest("section")?.querySelector("h2")?.textContent;
      for (const [name, value] of [["tabindex", "0"], ["role", "region"], ["aria-label", said || "table"]]) {
        if (scrolls) table.setAttribute(name, value);
        else table.removeAttribute(name);
      }
    }
  }

  toggle() {
    this.help.hidden = !this.help.hidden;
    this.helper.setAttribute("aria-expanded", String(!this.help.hidden));
  }

  // ------------------------------------------------------------ selecting

  select(id, show = false) {
    for (const node of this.panes.each(this.selected)) node.classList.remove("sel");
    this.mark(this.selected, false);
    this.selected = id;
    const node = this.panes.node(id);
    this.said.replaceChildren();
    if (!node) return;
    for (const one of this.panes.each(id)) one.classList.add("sel");
    this.mark(id, true);
    this.said.append(this.panes.told(id));
    const x = this.boxes?.byId.get(id);
    if (x !== undefined && this.boxes.isBox(x)) this.said.append(" ", this.button("Open", "Open this box", "Enter", () => { this.open(x); this.panes.holder.focus(); }));
    if (show) this.view.show(this.panes.rect(node));
  }

  // A row of a table and its node in the picture.
  mark(id, on) {
    for (const node of this.panes.each(id)) node.classList.toggle("on", on);
    for (const row of this.rows) if (this.shows(row) === id) row.classList.toggle("on", on);
  }

  // What shows a row's value: itself, or the box that it is in.
  shows(row) {
    const { node } = row.dataset, place = Number(node.slice(1));
    return this.panes.node(node) ? node : this.boxes ? this.boxes.id(this.boxes.item[place]) : row.dataset.in;
  }

  // The nearest box in a direction; what a line leads to is nearer.
  toward(dx, dy) {
    const all = this.panes.nodes(), here = this.panes.node(this.selected);
    if (!here) {
      const root = all.find((g) => g.classList.contains("root")) || all[0];
      return root && this.select(this.panes.id(root), true);
    }
    const middle = (g) => { const b = this.panes.rect(g); return [b.x + b.width / 2, b.y + b.height / 2]; };
    const [x, y] = middle(here);
    let best = null, least = Infinity;
    for (const g of all) {
      const [a, b] = middle(g), along = (a - x) * dx + (b - y) * dy, aside = Math.abs((a - x) * dy + (b - y) * dx);
      const far = along + 2 * aside;
      if (this.panes.id(g) !== this.selected && along > 4 && along >= aside * 0.5 && far < least) { best = g; least = far; }
    }
    if (best) this.select(this.panes.id(best), true);
  }

  // ------------------------------------------------------------ boxes

  open(x) {
    const [left, top] = this.panes.corner(this.panes.node(this.boxes.id(x))), first = this.boxes.inside(x)[0];
    this.boxes.openBox(x);
    this.redraw();
    const id = this.boxes.id(this.boxes.item[first]);
    this.hold(id, left, top);
    this.select(id, true);
  }

  close(g) {
    const [left, top] = this.panes.corner(this.panes.node(this.selected) || this.panes.svg), first = this.boxes.members[g][0];
    this.boxes.closeBox(g);
    this.redraw();
    const id = this.boxes.id(this.boxes.item[first]);
    this.hold(id, left, top);
    this.select(id, true);
  }

  redraw() {
    this.panes.replace((side) => this.boxes.draw(side));
    this.chips();
    this.found(this.find.items);
  }

  // What was opened stands where it stood.
  hold(id, left, top) {
    const [x, y] = this.panes.corner(this.panes.node(id));
    this.view.pan(left - x, top - y);
  }

  // What was opened, to close it again.
  chips() {
    if (!this.boxes) return;
    const { boxes } = this, opened = [...boxes.open].filter((g) => boxes.d.parent[g] < 0 || boxes.open.has(boxes.d.parent[g]));
    const made = opened.slice(0, 12).map((g) => this.button(`${boxes.name(boxes.n + g)} ▾`, `Close ${boxes.name(boxes.n + g)}`, "f", () => { this.close(g); this.panes.holder.focus(); }));
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
    return this.panes.nodes().map((g) => ({ id: this.panes.id(g), name: g.querySelector("text[font-weight=bold]")?.textContent || g.querySelector("title")?.textContent.split(/ = |\n/)[0] || this.panes.id(g) }));
  }

  idOf(item) { return item.id ?? (this.boxes.isBox(item.x) ? this.boxes.id(item.x) : this.boxes.id(this.boxes.item[item.x])); }

  found(items) {
    for (const g of this.panes.el.querySelectorAll(".found")) g.classList.remove("found");
    for (const item of items.slice(0, 2000)) for (const g of this.panes.each(this.idOf(item))) g.classList.add("found");
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
    const node = this.panes.node(shown);
    if (node) this.view.show(this.panes.rect(node), true);
  }

  back() { this.panes.holder.focus(); }

  // ------------------------------------------------------------ listening

  listen() {
    for (const { holder } of this.panes.every) this.hear(holder);
    const { signal } = this.off;
    if (this.alone) document.addEventListener("keydown", (event) => { // as in a browser's own search, from anywhere on the page
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea") || event.defaultPrevented) return;
      event.preventDefault();
      this.find.open();
    }, { signal });
    for (const row of this.rows) {
      row.addEventListener("pointerenter", () => this.mark(this.shows(row), true));
      row.addEventListener("pointerleave", () => { if (this.shows(row) !== this.selected) this.mark(this.shows(row), false); });
      row.addEventListener("click", () => { const id = this.shows(row); this.select(id); const node = this.panes.node(id); if (node) this.view.show(this.panes.rect(node)); });
    }
    addEventListener("resize", () => this.high(), { signal });
  }

  hear(holder) {
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const acts = {
      Enter: () => this.enter(), f: () => this.fold(), "/": () => this.find.open(), "?": () => this.toggle(), Escape: () => this.select(null),
      s: () => { this.beside(!this.panes.two); this.panes.holder.focus(); },
    };
    holder.addEventListener("keydown", (event) => {
      if (event.target !== holder || event.ctrlKey || event.metaKey || event.altKey) return;
      if (key(this.view, event)) return event.preventDefault();
      const act = arrows[event.key] ? () => this.toward(...arrows[event.key]) : acts[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    });
    holder.addEventListener("click", (event) => this.select(this.panes.hit(event.target)));
    holder.addEventListener("dblclick", (event) => {
      const frame = event.target.closest?.(".cluster[data-box]");
      if (frame) this.close(Number(frame.dataset.box));
      else if (this.panes.hit(event.target)) this.enter();
    });
    for (const [type, on] of [["pointerover", true], ["pointerout", false]]) {
      holder.addEventListener(type, (event) => { const id = this.panes.hit(event.target); if (id && id !== this.selected) this.mark(id, on); });
    }
  }
}

// Boxes: the class of what opens and closes boxes, on a page that has the data for it.
export function start(Boxes) {
  for (const figure of document.querySelectorAll("figure.mg-picture")) {
    const data = Boxes && JSON.parse(document.getElementById("mg-boxes").textContent);
    figure.page = new Page(figure, data && new Boxes(data, figure.querySelector("svg"))); // for tests and for the curious
  }
}

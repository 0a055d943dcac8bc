// The Compare tab: what is put side by side, the two pictures, where they first part, and tables of what differs.

import { Page } from "./picture.js";
import { Boxes } from "./picture_boxes.js";
import { again, drawn } from "./lab_drawing.js";
import { h } from "./stepper_page.js";

const BEST = "what fits best";

// Pictures made of what the worker said are made anew, part by part, as those that came as text.
class Clean extends Boxes {
  draw(side = -1) {
    const made = super.draw(side);
    return made === this.first || this.sides.includes(made) ? made : again(made, true);
  }
}

export class Compare {
  // ask(): another comparison is wished for
  constructor(panel, ask) {
    this.kept = null; // the program of the run that was kept
    this.last = null; // that of the last run without an error
    this.way = "";
    this.beside = true;
    this.choice = h("select", { class: "lab-way", "aria-label": "What is compared" });
    this.choice.append(h("option", { value: "" }, BEST));
    this.rate = h("input", { type: "number", step: "any", value: "0.1", class: "lab-rate" });
    this.rated = h("label", { class: "lab-choice" }, "rate ", this.rate);
    this.rated.hidden = true;
    this.keep = h("button", { type: "button", class: "lab-button", title: "Keep the numbers of this run, to be compared with those of later ones" }, "Keep this run");
    this.keep.disabled = true;
    this.bar = h("div", { class: "lab-zoom lab-comparing" }, h("label", { class: "lab-choice" }, "compare ", this.choice), this.rated, this.keep);
    this.said = h("div", { class: "lab-compare-said", role: "status" });
    this.room = h("div", { class: "lab-compared" });
    panel.append(this.bar, this.said, this.room);
    this.choice.onchange = () => { this.way = this.choice.value; ask(); };
    this.rate.onchange = () => ask();
    this.keep.onclick = () => {
      this.kept = this.last;
      this.way = this.choice.value = "";
      ask();
    };
  }

  // What is asked of Python with every run and every look.
  get wish() {
    const rate = Number(this.rate.value);
    return { way: this.way, kept: this.kept ?? "", rate: Number.isFinite(rate) ? rate : 0.1 };
  }

  ran(source) {
    this.last = source;
    this.keep.disabled = false;
  }

  // The ways that there are; which one it is.
  take({ ways, way }) {
    if (ways && this.choice.options.length !== ways.length + 1) {
      this.choice.replaceChildren(h("option", { value: "" }, BEST), ...ways.map(([name, text]) => h("option", { value: name }, text)));
      this.choice.value = this.way;
    }
    this.rated.hidden = way !== "step";
    const best = (ways ?? []).find(([name]) => name === way);
    this.choice.options[0].textContent = this.way || !best ? BEST : best[1];
  }

  nothing(note) {
    this.leave();
    this.said.replaceChildren(note);
    this.room.replaceChildren();
  }

  // What a person had in the pictures, for those that come.
  leave() {
    const { page } = this;
    if (!page) return;
    this.beside = page.panes.two;
    this.had = { id: page.selected, told: page.panes.told(page.selected).split(" ")[1], state: page.view.state };
    page.destroy();
    this.page = null;
  }

  show({ names, svg, sides, boxes, first, said, alike, tables }) {
    this.leave();
    const [both, ...each] = [svg, ...sides].map((text) => drawn(text, true));
    if (!both || each.includes(null)) return this.nothing(h("p", {}, "The drawings cannot be read."));
    this.said.replaceChildren(...said.map((line, k) => h("p", k ? {} : { class: alike ? "lab-good" : "lab-head" }, line)));
    const figure = h("figure", { class: "mg-picture", "aria-label": `${names[0]} and ${names[1]}` });
    figure.append(both, ...each.map((side, k) => {
      const held = h("template", { "data-name": names[k] });
      held.content.append(side);
      return held;
    }));
    if (first.length) [figure.dataset.first, figure.dataset.in] = first;
    this.room.replaceChildren(figure, ...tables.map((table) => this.table(table)));
    if (this.beside) figure.dataset.beside = "";
    this.page = new Page(figure, boxes && new Clean(boxes, both), { root: this.room, alone: false });
    const { id, told, state } = this.had ?? {};
    if (id && this.page.panes.told(id).split(" ")[1] === told) this.page.select(id);
    if (state && typeof state === "object") this.page.view.state = state;
  }

  table({ kind, title, note, head, rows, more }) {
    const cells = (row, tag, scope) => row.map((cell, k) => (k && tag === "td" ? h("td", {}, cell) : h("th", { scope }, cell)));
    const body = rows.map(([node, inside, row]) => h("tr", { "data-node": node, "data-in": inside }, ...cells(row, "td", "row")));
    return h("section", { class: kind }, h("h2", {}, title), ...(note ? [h("p", { class: "lab-note" }, note)] : []),
      h("div", { class: "lab-scroll scroll" }, h("table", {}, h("thead", {}, h("tr", {}, ...cells(head, "th", "col"))), h("tbody", {}, ...body))),
      ...(more > 0 ? [h("p", { class: "lab-note" }, `and ${more.toLocaleString("en")} more`)] : []));
  }

  resized() { this.page?.high(); }
}

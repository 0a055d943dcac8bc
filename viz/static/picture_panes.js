// The drawings of a figure, each in a frame that moves and zooms it: one of both sides of a comparison, or one a side, which move as one.

import { Viewport } from "./viewport.js";

export const h = (name, attrs = {}, ...children) => {
  const made = document.createElement(name);
  for (const [at, value] of Object.entries(attrs)) made.setAttribute(at, value);
  made.append(...children);
  return made;
};

const WAYS = "Arrow keys go from box to box, slash finds by name, question mark lists all keys.";

export class Panes {
  // The sides' drawings wait in templates; the ids in them have a letter before them.
  constructor(figure) {
    this.whole = this.pane(figure.querySelector(":scope > svg"), "");
    this.sides = [...figure.querySelectorAll(":scope > template")].map((held, k) => this.pane(held.content.firstElementChild, "ab"[k] + "-", held.dataset.name));
    this.every = [this.whole, ...this.sides];
    this.seen = [this.whole];
    this.el = h("div", { class: "mg-panes" }, this.whole.el);
  }

  pane(svg, prefix, name = "") {
    const holder = h("div", { class: "mg-holder", tabindex: "0", role: "group", "aria-label": `${name || "The picture"}. ${WAYS}` });
    holder.append(svg);
    const made = { svg, prefix, holder, el: h("div", { class: "mg-pane" }, ...(name ? [h("p", { class: "mg-name" }, name)] : []), holder) };
    made.view = new Viewport(holder, null, { first: 0.75, on: (view) => this.follow(view) });
    return made;
  }

  get view() { return this.seen[0].view; }

  get svg() { return this.seen[0].svg; }

  get holder() { return (this.seen.find(({ holder }) => holder === document.activeElement) || this.seen[0]).holder; }

  get two() { return this.seen.length > 1; }

  take() { for (const { view, svg } of this.every) view.take(svg); }

  home() { for (const { view } of this.seen) { view.home(); view.draw(); } }

  // Where one picture was moved to, the other goes.
  follow(view) {
    if (this.following || !this.two) return;
    this.following = true;
    for (const pane of this.seen) if (pane.view !== view) pane.view.set(view.x, view.y, view.k, view.fitted);
    this.following = false;
  }

  // Whether there is anything to be shown now that was not.
  beside(on) {
    if (!this.sides.length || on === this.two) return false;
    this.seen = on ? this.sides : [this.whole];
    this.el.replaceChildren(...this.seen.map(({ el }) => el));
    this.el.classList.toggle("mg-beside", on);
    return true;
  }

  // As high as the picture needs at its readable size, and no more than a part of the window.
  high() {
    const [, , w, tall] = this.svg.getAttribute("viewBox").split(" ").map(Number), lying = w > tall * 1.3;
    this.el.classList.toggle("mg-lying", lying); // one below the other
    const most = innerHeight * (this.two && lying ? 0.4 : 0.72), k = Math.min(1, Math.max(0.75, this.seen[0].holder.clientWidth / (w * 4 / 3)));
    for (const { holder } of this.seen) holder.style.height = `${Math.max(120, Math.min(tall * 4 / 3 * k + 2, most))}px`;
  }

  // ------------------------------------------------------------ nodes, by their id in the picture of both

  node(id) { return this.each(id)[0] || null; }

  each(id) {
    return id ? this.seen.flatMap(({ svg, prefix }) => [...svg.querySelectorAll(`[id="${CSS.escape(prefix + id)}"]`)]) : [];
  }

  nodes() {
    const seen = new Map();
    for (const { svg } of this.seen) for (const g of svg.querySelectorAll(".node:not(.op)")) if (!seen.has(this.id(g))) seen.set(this.id(g), g);
    return [...seen.values()];
  }

  id(g) { return g.id.replace(/^[ab]-/, ""); }

  // What is said of a node: of both sides, where there are two.
  told(id) { return this.whole.svg.querySelector(`[id="${CSS.escape(id)}"] > title`)?.textContent.split("\n").join(" · ") || ""; }

  // The node of an event's target; an operation's circle means its value.
  hit(target) {
    const g = target.closest?.(".node");
    return g && this.el.contains(g) ? this.id(g).replace(/-op$/, "") : null;
  }

  rect(node) {
    const { x, y, width, height } = node.getBBox();
    return { x, y, width, height };
  }

  corner(node) {
    const box = node.getBoundingClientRect(), at = (node.closest(".mg-holder") || this.seen[0].holder).getBoundingClientRect();
    return [box.left - at.left, box.top - at.top];
  }

  // Other drawings: draw(side) makes that of both (−1), of the first, of the second.
  replace(draw) {
    this.every.forEach((pane, k) => {
      const old = pane.svg;
      pane.svg = draw(k - 1);
      old.replaceWith(pane.svg);
      pane.view.fitted = "";
      pane.view.take(pane.svg);
    });
  }

  destroy() { for (const { view } of this.every) view.destroy(); }
}

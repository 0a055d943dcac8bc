// Find one's way in the stepper's picture: the buttons that zoom, and the search, which opens the boxes around what it finds.

import { Find } from "./find.js";
import { nameOf } from "./stepper_math.js";
import { h } from "./stepper_page.js";
import { buttons } from "./viewport.js";

export function way(s) {
  const button = (face, label, keys, act) => {
    const made = h("button", { type: "button", class: "mg-button", title: `${label} (${keys})`, "aria-label": label }, face);
    made.onclick = act;
    return made;
  };
  const find = new Find({
    all: () => [...Array.from({ length: s.t.n }, (_, x) => ({ x, name: nameOf(s.t, x) })), ...s.tree.name.map((name, g) => ({ x: s.t.n + g, name }))],
    go: ({ x }) => reveal(s, x),
    found: (items) => {
      for (const node of s.picture.svg.querySelectorAll(".mg-hit")) node.classList.remove("mg-hit");
      for (const { x } of items.slice(0, 2000)) s.picture.nodes.get(s.tree.isBox(x) ? x : s.tree.item[x])?.group.classList.add("mg-hit");
    },
    back: () => s.ui.root.focus({ preventScroll: true }),
  });
  s.ui.way.append(...buttons(s.picture.view, button), find.el);
  return find;
}

// Open what hides a value or a box, from the outside inwards, and select it (of an open box what it holds).
function reveal(s, x) {
  const { tree } = s, around = [];
  for (let g = tree.isBox(x) ? tree.parent[x - tree.n] : tree.of[x]; g >= 0; g = tree.parent[g]) around.push(g);
  for (const g of around.reverse()) if (!s.state.open.includes(g)) s.dispatch({ type: "open", box: tree.n + g });
  const thing = tree.isBox(x) && s.state.open.includes(x - tree.n) ? tree.item[tree.inside(x)[0]] : x;
  s.dispatch({ type: "select", thing });
  s.picture.follow([thing]);
  s.find.host.found(s.find.items);
}

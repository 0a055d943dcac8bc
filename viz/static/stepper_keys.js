// What each key and a click in the graph does, and when a key is meant for the stepper.

import { active } from "./stepper_scene.js";
import { fixed } from "./stepper_trace.js";

// The thing that keys start from: what is selected, else what this step changed.
function current(s) {
  const { selected } = s.state;
  if (selected >= 0 && s.picture.nodes.has(selected)) return selected;
  return active(s).changed[0] ?? s.tree.item[s.t.root];
}

const select = (s, thing) => thing !== undefined && s.dispatch({ type: "select", thing });

// To the first operand, in the order written, or the first user.
function walk(s, side) {
  const { t, tree } = s, x = current(s);
  if (side === "args" && x < tree.n) select(s, tree.item[t.args.subarray(t.start[x], t.start[x + 1]).find((a) => a < t.n)]);
  else select(s, tree.neighbours().get(x)?.[side][0]);
}

// To the next thing in the same column.
function sideways(s, by) {
  const x = current(s), here = s.picture.nodes.get(x);
  const column = [...s.picture.nodes].filter(([, v]) => Math.abs(v.cx - here.cx) < 2).sort((a, b) => a[1].cy - b[1].cy);
  const place = column.findIndex(([y]) => y === x);
  select(s, column[(place + by + column.length) % column.length][0]);
}

// Into the box that is selected or comes next; a breakpoint on or off a value.
function enter(s) {
  const { t, tree, run, state } = s, x = state.selected >= 0 ? state.selected : s.thingAt(Math.min(run.p, t.total - 1));
  if (!tree.isBox(x)) return s.dispatch({ type: "break", place: x });
  s.dispatch({ type: "open", box: x });
  const first = tree.children[x - tree.n][0];
  s.dispatch({ type: "select", thing: tree.items.includes(first) ? first : -1 });
  return s.say(`Opened ${tree.name[x - tree.n]}.`);
}

export function close(s, box) {
  s.dispatch({ type: "close", box });
  s.dispatch({ type: "select", thing: s.tree.item[s.tree.inside(box)[0]] });
  s.say(`Closed ${s.tree.name[box - s.tree.n]}.`);
}

function fold(s) {
  const x = current(s), box = s.tree.around(x);
  if (box >= 0) close(s, box);
  else if (s.tree.isBox(x)) enter(s);
  else s.say("This value is in no box.");
}

function leaf(s, act) {
  const x = s.state.selected;
  if (x >= 0 && s.t.when[x] < 0) act(x);
  else s.say("Select a leaf first: ↓ goes to an operand.");
}

// To the field for another number.
function attempt(s) {
  leaf(s, () => {
    if (s.chosen.field?.isConnected) s.chosen.field.select();
    else s.say(fixed(s.t));
  });
}

function actions(s) {
  const send = (type, more) => () => s.dispatch({ type, ...more });
  return {
    ArrowRight: send("next"), ArrowLeft: send("back"),
    "S-ArrowRight": send("next", { whole: true }), "S-ArrowLeft": send("back", { whole: true }),
    ArrowUp: () => walk(s, "users"), ArrowDown: () => walk(s, "args"),
    "S-ArrowUp": () => sideways(s, -1), "S-ArrowDown": () => sideways(s, 1),
    " ": () => s.play(), Home: send("start"), End: send("end"), b: send("backward"), ".": send("resume"),
    e: () => attempt(s), s: () => leaf(s, (place) => s.dispatch({ type: "sweep", place })), r: send("reset"),
    f: () => fold(s), Enter: () => enter(s), q: send("quiz"), "?": send("help"),
    "<": () => s.speed(-1), ">": () => s.speed(1),
    "+": send("zoom", { by: 1.25 }), "-": send("zoom", { by: 0.8 }), 0: () => s.picture.view.fit(),
    "/": () => s.find.open(),
    Escape: () => { s.dispatch({ type: "help", on: false }); s.play(false); s.dispatch({ type: "select", thing: -1 }); },
  };
}

// Is this press meant for what has the focus: letters in a field, Enter on a button, Space in the quiz or on a list that unfolds?
const taken = ({ target, key, ctrlKey, metaKey, altKey }) => ctrlKey || metaKey || altKey || target.matches("input:not([type=range]), .mg-chosen input") ||
  (key === "Enter" && target.matches("button, summary, a")) || (key === " " && target.matches("summary, button:not(.mg-bar button)"));

export function listen(s) {
  const act = s.act = actions(s);
  const press = (event) => {
    if (event.key === "Escape" && event.target.matches(".mg-chosen input")) return void s.ui.root.focus({ preventScroll: true });
    if (taken(event)) return;
    const shift = event.shiftKey && event.key.startsWith("Arrow") ? "S-" : "";
    const wanted = act[shift + event.key] || act[shift + event.key.toLowerCase()];
    if (!wanted) return;
    event.preventDefault();
    wanted();
  };
  s.ui.root.addEventListener("keydown", (event) => {
    event.stopPropagation(); // the notebook must not hear keys meant for us
    press(event);
  });
  s.ui.root.addEventListener("keyup", (event) => { // Space plays: Firefox would press the button too
    if (event.key === " " && !taken(event)) event.preventDefault();
  });
  // On a page of its own keys work before anything is clicked.
  s.onPage = (event) => { if (event.target === document.body && s.host.page) press(event); };
  document.addEventListener("keydown", s.onPage);
  s.ui.graph.addEventListener("click", (event) => {
    const hit = event.target.closest?.("[data-thing]");
    if (!hit) return;
    const x = Number(hit.dataset.thing);
    s.still = true; // do not scroll away from what was clicked
    s.dispatch({ type: "select", thing: x });
    s.still = false;
  });
  s.ui.graph.addEventListener("dblclick", (event) => {
    const hit = event.target.closest?.("[data-thing]");
    if (hit && s.tree.isBox(Number(hit.dataset.thing))) enter(s);
  });
}

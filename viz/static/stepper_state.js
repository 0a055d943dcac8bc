// What a person has done, as one plain object that JSON can hold, and how each action changes it. Nothing here touches the page.

import { fixed, nameOf, workAt } from "./stepper_trace.js";

// step, from: where the walk stands, and where its last move began; open: boxes; selected: a value or box, -1 for none;
// breaks: values to stop at; leaves: the numbers that stand in place of the trace's, by place; sweep: the leaf that is swept, or -1.
export const fresh = (t) => ({
  step: 0, from: 0, open: [...(t.open || [])], selected: -1, breaks: [], leaves: {}, sweep: -1, zoom: 1, help: false, quiz: t.quiz || null,
});

// From a large graph seen whole to letters four times as large.
const zoomed = (x) => Math.max(0.02, Math.min(4, Number(x) || 1));
const within = (p, most) => Math.max(0, Math.min(most, Math.round(Number(p) || 0)));
const thingAt = ({ t, tree }, k) => tree.item[workAt(t, k)];
const phase = (t, k) => Math.sign(k - t.seed);

// The end of the run of steps that one press of Next takes: a closed box counts as one step.
export function ahead(walk, p, whole = false) {
  const { t, tree } = walk;
  if (p >= t.total) return p;
  const x = thingAt(walk, p), node = workAt(t, p), side = phase(t, p);
  const same = tree.isBox(x) ? (k) => thingAt(walk, k) === x : (k) => whole && workAt(t, k) === node;
  for (p++; p < t.total && phase(t, p) === side && same(p); p++);
  return p;
}

export function behind(walk, p, whole = false) {
  const { t, tree } = walk;
  if (p <= 0) return 0;
  const x = thingAt(walk, --p), node = workAt(t, p), side = phase(t, p);
  const same = tree.isBox(x) ? (k) => thingAt(walk, k) === x : (k) => whole && workAt(t, k) === node;
  for (; p > 0 && phase(t, p - 1) === side && same(p - 1); p--);
  return p;
}

// Is the step that ends at p one to stop at? `stops` are the trace's own positions.
export function stopsAt({ t }, state, p) {
  if (p < 1) return false;
  return (t.breaks.has(p) && !(t.changed && t.asked.has(p))) || (state.breaks.length > 0 && state.breaks.includes(p <= t.seed + 1 ? workAt(t, p - 1) : t.cArg[p - t.seed - 2]));
}

function resumed(walk, state) {
  let p = state.step + 1;
  while (p < walk.t.total && !stopsAt(walk, state, p)) p++;
  return p;
}

const MOVES = {
  step: (walk, state, { step }) => step,
  next: (walk, { step }, { whole }) => ahead(walk, step, whole),
  back: (walk, { step }, { whole }) => behind(walk, step, whole),
  backward: ({ t }) => t.seed + 1,
  resume: resumed,
  start: () => 0,
  end: ({ t }) => t.total,
};

const without = (list, x) => list.filter((y) => y !== x);
const has = (walk, x) => Number.isInteger(x) && x >= 0 && x < walk.tree.n + walk.tree.size;

const CHANGES = {
  select: (walk, state, { thing }) => ({ selected: has(walk, thing) ? thing : -1 }),
  break: ({ t }, { breaks }, { place }) =>
    (place >= 0 && place < t.n ? { breaks: breaks.includes(place) ? without(breaks, place) : [...breaks, place] } : {}),
  open: ({ tree }, { open }, { box }) => (tree.isBox(box) && !open.includes(box - tree.n) ? { open: [...open, box - tree.n] } : {}),
  close: ({ tree }, { open }, { box }) => (open.includes(box - tree.n) ? { open: without(open, box - tree.n) } : {}),
  zoom: (walk, { zoom }, { by, to = by ? zoom * by : 1 }) => ({ zoom: zoomed(to) }),
  help: (walk, { help }, { on = !help }) => ({ help: on }),
  quiz: ({ t }, { quiz }, { on = !quiz }) => ({ quiz: on ? quiz || t.quiz || { seed: 0 } : null }),
  leaf: ({ t }, { leaves }, { place, value }) => {
    if (!(place >= 0 && place < t.n) || t.when[place] >= 0 || typeof value !== "number" || fixed(t)) return {};
    const { [place]: _, ...others } = leaves;
    return { leaves: Object.is(value, t.told.data[place]) ? others : { ...others, [place]: value } };
  },
  reset: () => ({ leaves: {} }),
  sweep: ({ t }, { sweep }, { place }) => ({ sweep: place === sweep || !(t.when[place] < 0) ? -1 : place }),
  state: (walk, old, { state }) => restored(walk, state),
};

// The state after an action; the old one itself where it changes nothing. `walk`: the trace `t`, and the `tree` as the state has it open.
export function reduce(state, action, walk) {
  const move = MOVES[action.type], change = CHANGES[action.type];
  if (!move && !change) throw new Error(`no action is called ${JSON.stringify(action.type)}: expected one of ${[...Object.keys(MOVES), ...Object.keys(CHANGES)].join(", ")}`);
  if (change) {
    const made = change(walk, state, action);
    return Object.keys(made).some((key) => made[key] !== state[key]) ? { ...state, ...made } : state;
  }
  return at(walk, state, within(move(walk, state, action), walk.t.total));
}

// The state at another step.
export function at(walk, state, step) {
  if (step === state.step) return state;
  return { ...state, step, from: Math.max(behind(walk, step), step > state.step ? state.step : 0) };
}

// A state that came from outside (a link, a host), with what does not fit this trace left out.
function restored(walk, given) {
  const { t, tree } = walk, base = fresh(t);
  const places = (list, most) => (Array.isArray(list) ? list.filter((x) => Number.isInteger(x) && x >= 0 && x < most) : []);
  const pairs = Object.entries(given.leaves || {}).filter(([i, x]) => t.when[i] < 0 && typeof x === "number");
  const step = within(given.step, t.total);
  return {
    ...base, step, from: Math.min(step, within(given.from ?? Math.max(0, step - 1), t.total)),
    open: given.open ? places(given.open, tree.size) : base.open, selected: has(walk, given.selected) ? given.selected : -1,
    breaks: places(given.breaks, t.n), leaves: pairs.length && !fixed(t) ? Object.fromEntries(pairs) : {},
    sweep: t.when[given.sweep] < 0 ? given.sweep : -1, zoom: zoomed(given.zoom), help: given.help === true,
    quiz: given.quiz && typeof given.quiz === "object" ? given.quiz : null,
  };
}

// The state of an old graph carried over to a new one, by names: the same person, who typed something.
export function carried(old, walk) {
  const { t, tree } = walk, was = old.walk, { state } = old;
  let places; // by name, once one is looked for
  const place = (i) => {
    if (i < 0) return -1;
    places ??= new Map(Array.from({ length: t.n }, (_, k) => [nameOf(t, k), k]));
    return places.get(nameOf(was.t, i)) ?? -1;
  };
  const boxes = new Map(tree.paths.map((path, g) => [path, g])), known = new Set(was.tree.paths);
  const box = (g) => boxes.get(was.tree.paths[g]) ?? -1;
  const shown = (x) => (x < was.tree.n ? place(x) : box(x - was.tree.n) < 0 ? -1 : tree.n + box(x - was.tree.n));
  // A box that both have is open as it was; one that is new as the new graph says.
  const open = [...state.open.map(box).filter((g) => g >= 0), ...(t.open || []).filter((g) => !known.has(tree.paths[g]))];
  const leaves = Object.entries(state.leaves).map(([i, x]) => [place(Number(i)), x, was.t.told.data[i]])
    .filter(([i, , before]) => i >= 0 && t.when[i] < 0 && Object.is(t.told.data[i], before));
  return {
    ...restored(walk, { ...state, open, selected: state.selected < 0 ? -1 : shown(state.selected), breaks: state.breaks.map(place), sweep: place(state.sweep) }),
    leaves: leaves.length && !fixed(t) ? Object.fromEntries(leaves.map(([i, x]) => [i, x])) : {}, step: same(was.t, state.step, t, place), from: 0,
  };
}

// The step of a new trace that is the same as one of the old: at the start, at the end, or of the same values; else as far along.
function same(old, p, t, place) {
  if (p === 0 || p === old.total) return p ? t.total : 0;
  if (p === old.seed + 1) return t.seed + 1;
  const k = p - 1;
  if (k < old.seed) {
    const when = t.when[place(old.forward[k])];
    if (when >= 0) return when + 1;
  } else {
    const c = k - old.seed - 1, node = place(old.cNode[c]), arg = place(old.cArg[c]);
    for (let d = 0; d < t.cNode.length; d++) if (t.cNode[d] === node && t.cArg[d] === arg && t.cSlot[d] === old.cSlot[c]) return t.seed + 2 + d;
  }
  return within((p / old.total) * t.total, t.total);
}

// What is seen at one state of the walk, as data: the numbers, marks and roles of boxes, the edges at work, derivatives on edges.

import { stepAt } from "./stepper_trace.js";

// The things and the edge of one contribution.
const about = ({ item }, { arg, node, slot }) =>
  ({ read: [item[node]], changed: [item[arg]], edges: [{ a: item[arg], b: item[node], slot, back: true }], box: -1 });

// What the step just taken read and changed, as things on the picture. walk: the trace `t`, the `run` over it, the `tree` of boxes.
export function active({ t, run, tree }) {
  const nothing = { read: [], changed: [], edges: [], step: null, box: -1 };
  if (!run.p) return nothing;
  const step = stepAt(t, run.p - 1), { item } = tree, node = item[step.node];
  step.upstream = run.grad[step.node];
  if (tree.isBox(node)) return { ...nothing, changed: [node], step, box: node };
  if (step.kind === "seed") return { ...nothing, changed: [node], step };
  if (step.kind === "backward") return { ...about(tree, step), step };
  const edges = [];
  for (let e = t.start[step.node], slot = 0; e < t.start[step.node + 1]; e++, slot++) {
    if (t.args[e] < t.n) edges.push({ a: item[t.args[e]], b: node, slot, back: false });
  }
  return { ...nothing, read: [...new Set(edges.map((e) => e.a))], changed: [node], edges, step };
}

function value({ t, run, state }, x) {
  const status = run.status(x);
  return {
    on: run.computed(x), data: t.data[x], grad: status === "untouched" ? 0 : run.grad[x], status: run.p > t.seed ? status : "",
    got: run.got[x], stopped: state.breaks.includes(x), role: "",
  };
}

// A box of many: its last number, how far it is, and the sum of its gradients' sizes.
function box({ t, run, tree }, x, breaks) {
  const inside = tree.inside(x);
  let sum = 0, done = 0, steps = 0, last = -1, finished = 0, stopped = false;
  for (const i of inside) {
    sum += Math.abs(run.grad[i]);
    if (t.when[i] >= 0) { steps++; if (run.computed(i)) { done++; last = i; } }
    if (run.status(i) === "finished") finished++;
    if (breaks.size && breaks.has(i)) stopped = true;
  }
  if (!steps) last = inside.at(-1);
  return {
    on: !steps || done > 0, data: last < 0 ? NaN : t.data[last], done, steps, none: last < 0, grad: sum,
    status: run.p > t.seed && finished === inside.length ? "finished" : "", stopped, role: "",
  };
}

// things: what is drawn; labelled: whether edges have room for their derivatives; asked: the open question, if there is one.
export function scene(walk, things, labelled, asked = null) {
  const { t, run, tree, state } = walk, now = active(walk), near = asked ? { ...now, ...about(tree, asked.step) } : now;
  const breaks = new Set(state.breaks), looks = new Map(things.map((x) => [x, tree.isBox(x) ? box(walk, x, breaks) : value(walk, x)]));
  for (const [role, list] of [["read", near.read], ["changed", near.changed]]) for (const x of list) if (looks.has(x)) looks.get(x).role = role;
  // Local derivatives on the edges whose contributions were made; by operand, user and place, as the picture has them.
  const tags = new Map(), key = (a, b, slot) => `${a},${b},${slot}`;
  for (let c = 0; labelled && c < run.p - t.seed - 1; c++) tags.set(key(t.cArg[c], t.cNode[c], t.cSlot[c]), { partial: t.cPartial[c], hot: false });
  const [edge] = near.edges;
  if (edge?.back) tags.set(key(edge.a, edge.b, edge.slot), { partial: asked ? null : near.step.partial, hot: true });
  return { near, looks, tags, edges: near.edges, selected: state.selected };
}

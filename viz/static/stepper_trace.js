// The trace as typed arrays: the graph, which is fixed, and its numbers; and the state of the graph after any number of steps.

import { back, compile, contributions, evaluate, slopes, unknown } from "./stepper_rules.js";

function bytes(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text).buffer;
  const raw = atob(text), found = new Uint8Array(raw.length);
  for (let k = 0; k < raw.length; k++) found[k] = raw.charCodeAt(k);
  return found.buffer;
}

const f64 = (text) => new Float64Array(bytes(text));
export const whole = (text) => new { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array }[text[0]](bytes(text.slice(1)));

export function decode(json) {
  const { n, root } = json;
  const t = { ...json, op: whole(json.op), args: whole(json.args) };
  const count = whole(json.count);
  const { args } = t, start = t.start = new Uint32Array(n + 1); // operands of value i are args[start[i] .. start[i + 1])
  for (let i = 0; i < n; i++) start[i + 1] = start[i] + count[i];
  t.names ||= {};
  t.marks ||= {};
  t.named = new Uint8Array(n);
  for (const i of Object.keys(t.names)) t.named[i] = 1;
  t.number = numbered(t, count);
  t.forward = json.forward ? whole(json.forward) : places(count);
  t.when = new Int32Array(n).fill(-1); // the forward step that makes value i, -1 for a leaf
  const { forward, when } = t;
  for (let k = 0; k < forward.length; k++) when[forward[k]] = k;
  numbers(t, f64(json.data), f64(json.partial));
  const users = t.users = new Uint32Array(n); // how many operand places each value fills
  // An operand of n or more is a number of the code, which is no value.
  for (let e = 0; e < args.length; e++) if (args[e] < n) users[args[e]]++;
  Object.assign(t, json.back ? told(json.back) : derived(t, t.partial));
  const F = t.forward.length;
  t.seed = F;
  t.total = F + 1 + t.cNode.length;
  const { cArg } = t, need = t.need = new Uint32Array(n);
  for (let k = 0; k < cArg.length; k++) need[cArg[k]]++;
  if (json.back) before(t);
  t.breaks = new Set(json.breaks || []);
  t.asked = new Set(json.asked || []); // those among them that numbers decided
  t.told = Object.fromEntries(["data", "partial", ...COLUMNS].map((key) => [key, t[key]])); // the numbers as Python had them
  t.changed = false;
  return t;
}

// Of v1, v2, … for what was computed and has no name, and of u1, … for a leaf, the number: the rule of notation/names.py.
function numbered(t, count) {
  const taken = new Set(Object.values(t.names).filter((name) => /^[uv][0-9]+$/.test(name)));
  const { n, named } = t, found = new Uint32Array(n);
  let u = 0, v = 0;
  for (let i = 0; i < n; i++) {
    if (named[i]) continue;
    if (count[i]) {
      do v++; while (taken.size && taken.has(`v${v}`));
      found[i] = v;
    } else {
      do u++; while (taken.size && taken.has(`u${u}`));
      found[i] = u;
    }
  }
  return found;
}

// What a value is called.
export const nameOf = (t, i) => t.names[i] || (t.number[i] ? (t.start[i + 1] > t.start[i] ? "v" : "u") + t.number[i] : "");

// Where there are some.
function places(count) {
  const found = new Uint32Array(count.length);
  let size = 0;
  for (let i = 0; i < count.length; i++) if (count[i]) found[size++] = i;
  return found.slice(0, size);
}

// The numbers that were sent in their places, and the others worked out.
function numbers(t, data, partial) {
  const { n, op, start, known } = t, left = (i) => known[op[i]];
  let sent = 0, slot = 0;
  const others = data.length - op.reduce((sum, row) => sum + !(known[row] & 1), 0);
  const all = t.data = new Float64Array(n + others), slopes_ = t.partial = new Float64Array(t.args.length);
  for (let i = 0; i < n; i++) {
    if (!(left(i) & 1)) all[i] = data[sent++];
    if (!(left(i) & 2)) for (let e = start[i]; e < start[i + 1]; e++) slopes_[e] = partial[slot++];
  }
  t.data.set(data.subarray(sent), n);
  t.rules = t.ops.map((row, k) => (k ? compile(row) : null));
  evaluate(t, t.data, t.forward.filter((i) => left(i) & 1));
  slopes(t, t.data, t.partial, new Uint8Array(t.args.length), t.forward.filter((i) => left(i) & 2));
}

const COLUMNS = ["cNode", "cArg", "cSlot", "cPartial", "cValue", "cBefore", "cAfter"];

// A pass that did something else than the chain rule says comes with every number written out.
function told(back) {
  return {
    cNode: whole(back.node), cArg: whole(back.arg), cPartial: f64(back.partial),
    cSlot: Int32Array.from(whole(back.slot), (s) => (s === 0xffffffff ? -1 : s)),
    cValue: f64(back.value), cAfter: f64(back.after),
  };
}

function before(t) {
  const grad = new Float64Array(t.n);
  t.cBefore = new Float64Array(t.cNode.length);
  grad[t.root] = 1;
  for (let k = 0; k < t.cNode.length; k++) {
    t.cBefore[k] = grad[t.cArg[k]];
    grad[t.cArg[k]] = t.cAfter[k];
  }
}

// A way back, with room for its numbers.
function columns({ cNode, cArg, cSlot, cEdge }) {
  const numbers = () => new Float64Array(cNode.length);
  return { cNode, cArg, cSlot, cEdge, cPartial: numbers(), cValue: numbers(), cBefore: numbers(), cAfter: numbers() };
}

function derived(t, partial) {
  const made = columns(back(t));
  contributions(t, partial, null, made);
  return made;
}

// Why other numbers cannot be tried here, in a sentence; "" where they can.
export function fixed(t) {
  if (t.why !== undefined) return t.why;
  const without = unknown(t), i = without[0];
  const signs = [...new Set(without.map((k) => t.ops[t.op[k]].s))].slice(0, 3).join(", ");
  const more = without.length > 1 ? ` and ${(without.length - 1).toLocaleString("en")} more` : "";
  t.why = without.length ? `This page cannot compute ${nameOf(t, i)} (${signs})${more} anew: their rules are Python code, which runs in Python alone.`
    : !t.forward.length ? "Nothing is computed from this value." : t.back && t.cNode.length !== back(t).cNode.length
      ? "This pass did something else than its rules say, so this page cannot run it with other numbers." : stale(t);
  return t.why;
}

// Numbers that Python's rules would not give today, as of a graph whose leaves were set after it was made.
function stale(t) {
  const data = t.told.data.slice();
  evaluate(t, data);
  for (const i of t.forward) {
    const [x, y] = [t.told.data[i], data[i]];
    if (x === y || (x !== x && y !== y) || Math.abs(x - y) <= 1e-6 * Math.max(Math.abs(x), Math.abs(y), 1e-9)) continue;
    return `The graph is older than its leaves: ${nameOf(t, i)} would be another number today. Build it anew in Python to try other numbers here.`;
  }
  return "";
}

// Room for other numbers: partials that are the same for all of them are there once and for all, `moving` has the nodes of the others.
function own(t) {
  const data = t.told.data.slice(), partial = new Float64Array(t.told.partial.length), passes = new Uint8Array(partial.length);
  slopes(t, data, partial, passes);
  return { data, partial, passes, columns: columns(t.back ? back(t) : t), moving: t.forward.filter((i) => !t.rules[t.op[i]].still) };
}

// The numbers with other leaves, {place: number}; with none of them Python's own.
export function recompute(t, leaves) {
  const others = Object.entries(leaves);
  t.changed = others.length > 0 && !fixed(t);
  if (!t.changed) return Object.assign(t, t.told);
  t.own ||= own(t);
  const { data, partial, passes, columns: made, moving } = t.own;
  for (let i = 0; i < t.n; i++) if (t.when[i] < 0) data[i] = t.told.data[i];
  for (const [i, x] of others) data[i] = x;
  evaluate(t, data);
  slopes(t, data, partial, passes, moving);
  contributions(t, partial, passes, made);
  return Object.assign(t, { data, partial, ...made });
}

// What the root becomes for other numbers of one leaf: a function of that number, which leaves the trace as it is.
export function sweep(t, leaf) {
  const data = t.data.slice(), moved = new Uint8Array(t.n), only = [];
  moved[leaf] = 1;
  for (const i of t.forward) {
    for (let e = t.start[i]; e < t.start[i + 1]; e++) {
      if (t.args[e] < t.n && moved[t.args[e]]) { moved[i] = 1; only.push(i); break; }
    }
  }
  return (x) => {
    data[leaf] = x;
    return evaluate(t, data, only);
  };
}

// Step k as an object; k runs from 0 to total - 1.
export function stepAt(t, k) {
  if (k < t.seed) return { k, kind: "forward", node: t.forward[k], changed: t.forward[k] };
  if (k === t.seed) return { k, kind: "seed", node: t.root, changed: t.root };
  const c = k - t.seed - 1;
  return {
    k, c, kind: "backward", node: t.cNode[c], changed: t.cArg[c], arg: t.cArg[c], slot: t.cSlot[c],
    partial: t.cPartial[c], value: t.cValue[c], before: t.cBefore[c], after: t.cAfter[c],
  };
}

// The value whose operation is at work in step k (cheaper than stepAt).
export const workAt = (t, k) =>
  k < t.seed ? t.forward[k] : k === t.seed ? t.root : t.cNode[k - t.seed - 1];

export class Run {
  constructor(trace) {
    this.t = trace;
    this.p = 0; // steps taken
    this.grad = new Float64Array(trace.n);
    this.got = new Uint32Array(trace.n); // contributions received so far
  }

  // Move to position p by doing or undoing single steps; `touch(i)` hears of every value changed.
  goto(p, touch) {
    const t = this.t;
    p = Math.max(0, Math.min(t.total, p));
    if (!touch && this.p < p) return this.ahead(p);
    while (this.p < p) {
      const k = this.p++;
      if (k < t.seed) touch?.(t.forward[k]);
      else if (k === t.seed) { this.grad[t.root] = 1; touch?.(t.root); }
      else {
        const c = k - t.seed - 1, arg = t.cArg[c];
        this.grad[arg] = t.cAfter[c];
        this.got[arg]++;
        touch?.(arg);
      }
    }
    while (this.p > p) {
      const k = --this.p;
      if (k < t.seed) touch?.(t.forward[k]);
      else if (k === t.seed) { this.grad[t.root] = 0; touch?.(t.root); }
      else {
        const c = k - t.seed - 1, arg = t.cArg[c];
        this.grad[arg] = t.cBefore[c];
        this.got[arg]--;
        touch?.(arg);
      }
    }
  }

  // Forward to position p, with nobody to hear of it.
  ahead(p) {
    const { grad, got, t: { seed, root, cArg, cAfter } } = this, from = this.p;
    this.p = p;
    if (from <= seed && p > seed) grad[root] = 1;
    for (let c = Math.max(0, from - seed - 1); c < p - seed - 1; c++) {
      const arg = cArg[c];
      grad[arg] = cAfter[c];
      got[arg]++;
    }
  }

  // The same step of other numbers.
  renew() {
    const p = this.p;
    this.p = 0;
    this.grad.fill(0);
    this.got.fill(0);
    this.goto(p);
  }

  computed(i) { return this.t.when[i] < this.p; }

  // "untouched", "partial" or "finished": has the gradient of value i all its contributions?
  status(i) {
    if (i === this.t.root) {
      return this.p <= this.t.seed ? "untouched" : this.got[i] < this.t.need[i] ? "partial" : "finished";
    }
    if (!this.got[i]) return "untouched";
    return this.got[i] < this.t.need[i] ? "partial" : "finished";
  }
}

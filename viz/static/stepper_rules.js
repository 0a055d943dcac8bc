// The numbers of a graph computed anew in the page: what each operation and its partials are comes as data (micrograd/telling.py).

import { PRIMITIVES } from "./primitives.js";

const add = (data, args, from, to) => {
  if (from === to) return 0;
  let sum = data[args[from]];
  for (let e = from + 1; e < to; e++) sum += data[args[e]];
  return sum;
};

// Of any number of arguments, from left to right.
const MANY = {
  sum: add,
  dot: (data, args, from, to) => {
    const half = (to - from) / 2;
    if (!half) return 0;
    let sum = data[args[from]] * data[args[from + half]];
    for (let e = from + 1; e < from + half; e++) sum += data[args[e]] * data[args[e + half]];
    return sum;
  },
  shift: (data, args, from, to) => {
    let most = -Infinity;
    for (let e = from; e < to; e++) {
      const x = data[args[e]];
      if (x !== x) return NaN;
      if (x > most) most = x;
    }
    return Math.abs(most) === Infinity ? 0 : most + 0;
  },
};

// Lines over `inputs` registers, as a function that fills the registers from there on. Numbers have registers of their own, at the end.
function tape(lines, inputs) {
  const numbers = new Map();
  const size = inputs + lines.length, at = (x) => {
    if (typeof x === "number") return x;
    if (!numbers.has(x)) numbers.set(x, size + numbers.size);
    return numbers.get(x);
  };
  const steps = lines.map(([name, ...operands]) => {
    if (!Object.hasOwn(PRIMITIVES, name)) throw new Error(`no primitive is called ${name}`);
    return [PRIMITIVES[name], ...operands.map(at)];
  });
  const f = steps.map((s) => s[0]), a = steps.map((s) => s[1] ?? 0), b = steps.map((s) => s[2] ?? 0), c = steps.map((s) => s[3] ?? 0);
  return {
    at,
    ready() {
      const r = new Float64Array(size + numbers.size);
      for (const [text, k] of numbers) r[k] = Number(text);
      return r;
    },
    run(r) { for (let k = 0; k < f.length; k++) r[inputs + k] = f[k](r[a[k]], r[b[k]], r[c[k]]); },
  };
}

// value(data, args, from): the result over the arguments args[from], args[from + 1] …
function forward([lines, result], n) {
  if (lines.length === 1 && result === n && lines[0].slice(1, n + 1).every((x, k) => x === k) && lines[0].length <= n + 2) {
    const [name, ...operands] = lines[0], f = PRIMITIVES[name], last = Number(operands[n]);
    if (operands.length === n && n === 1) return (d, args, s) => f(d[args[s]]);
    if (operands.length === n && n === 2) return (d, args, s) => f(d[args[s]], d[args[s + 1]]);
    if (operands.length === 2 && n === 1) return (d, args, s) => f(d[args[s]], last);
  }
  const { at, ready, run } = tape(lines, n), out = at(result), r = ready();
  return (d, args, s) => {
    for (let k = 0; k < n; k++) r[k] = d[args[s + k]];
    run(r);
    return r[out];
  };
}

// slopes(data, args, from, y, partial, passes): fills both from `from` on.
function backward([lines, partials, passes], n) {
  const plain = partials.every((x) => typeof x === "string" || x < n) && passes.every((x) => typeof x === "string");
  if (!lines.length && plain && n <= 2) {
    const get = (x) => (typeof x === "string" ? ((k) => () => k)(Number(x)) : (d, args, s) => d[args[s + x]]);
    const [p, q] = partials.map(get), [u, v] = passes.map((x) => (Number(x) === 0 ? 0 : 1));
    if (n === 1) return (d, args, s, y, P, on) => { P[s] = p(d, args, s); on[s] = u; };
    return (d, args, s, y, P, on) => { P[s] = p(d, args, s); P[s + 1] = q(d, args, s); on[s] = u; on[s + 1] = v; };
  }
  const { at, ready, run } = tape(lines, n + 1), out = partials.map(at), pass = passes.map(at), r = ready();
  return (d, args, s, y, P, on) => {
    for (let k = 0; k < n; k++) r[k] = d[args[s + k]];
    r[n] = y;
    run(r);
    for (let k = 0; k < n; k++) { P[s + k] = r[out[k]]; on[s + k] = r[pass[k]] === 0 ? 0 : 1; }
  };
}

function many({ all, each }) {
  const f = MANY[all];
  return {
    still: each !== "opposite",
    forward: (d, args, s, e) => f(d, args, s, e),
    backward(d, args, s, y, P, on, end) {
      const half = (end - s) / 2, same = each === "opposite" ? 0 : Number(each);
      for (let e = s; e < end; e++) {
        P[e] = each === "opposite" ? d[args[e < s + half ? e + half : e - half]] : same;
        on[e] = each === "opposite" || same !== 0 ? 1 : 0;
      }
    },
  };
}

// A row of the trace's `ops` as two functions, and whether its partials are `still`: the same whatever the numbers; null where its engine said no rule.
export function compile({ r: rule }) {
  if (!rule) return null;
  if (rule.all) return Object.hasOwn(MANY, rule.all) ? many(rule) : null;
  const n = rule.g[1].length, still = [...rule.g[1], ...rule.g[2]].every((x) => typeof x === "string");
  return { forward: forward(rule.f, n), backward: backward(rule.g, n), still };
}

// Places of what the page cannot compute: an operation without a rule.
export function unknown(t) {
  return Array.from(t.forward).filter((i) => !t.rules[t.op[i]]);
}

// data: leaves and literals are given, all else is computed in the order of the steps (of `only` these).
export function evaluate(t, data, only = t.forward) {
  const { rules, op, args, start } = t;
  for (let k = 0; k < only.length; k++) {
    const i = only[k];
    data[i] = rules[op[i]].forward(data, args, start[i], start[i + 1]);
  }
  return data[t.root];
}

// Every partial, and whether its edge passes something on, from the data.
export function slopes(t, data, partial, passes, only = t.forward) {
  const { rules, op, args, start } = t;
  for (let k = 0; k < only.length; k++) {
    const i = only[k];
    rules[op[i]].backward(data, args, start[i], data[i], partial, passes, start[i + 1]);
  }
}

// The way back, which the numbers do not change: of each contribution its node, argument, slot and operand place.
export function back(t) {
  const { args, start, n, forward: order } = t;
  let m = 0, k = 0;
  for (let e = 0; e < args.length; e++) if (args[e] < n) m++;
  const cNode = new Uint32Array(m), cArg = new Uint32Array(m), cSlot = new Int32Array(m), cEdge = new Uint32Array(m);
  for (let f = order.length - 1; f >= 0; f--) {
    const i = order[f], first = start[i];
    for (let e = first; e < start[i + 1]; e++) {
      if (args[e] >= n) continue;
      cNode[k] = i;
      cArg[k] = args[e];
      cSlot[k] = e - first;
      cEdge[k++] = e;
    }
  }
  return { cNode, cArg, cSlot, cEdge };
}

// The contributions of the pass back, one after the other: fills partial, value, before and after. passes: null where every edge does.
export function contributions({ n, root }, partial, passes, { cNode, cArg, cEdge, cPartial, cValue, cBefore, cAfter }) {
  const grad = new Float64Array(n), reached = new Uint8Array(n);
  grad[root] = 1;
  reached[root] = 1;
  for (let k = 0; k < cNode.length; k++) {
    const i = cNode[k], arg = cArg[k], e = cEdge[k], p = partial[e], before = grad[arg];
    cPartial[k] = p;
    cBefore[k] = before;
    if (reached[i] && (!passes || passes[e])) {
      reached[arg] = 1;
      cAfter[k] = grad[arg] = before + (cValue[k] = grad[i] * p);
    } else {
      cValue[k] = 0;
      cAfter[k] = before;
    }
  }
}

// The trace as typed arrays, and the state of the graph after any number of steps.

const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;
const f64 = (text) => new Float64Array(bytes(text));
export const whole = (text) => new { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array }[text[0]](bytes(text.slice(1)));

export function decode(json) {
  const { n, root } = json;
  const t = { ...json, data: f64(json.data), op: whole(json.op), args: whole(json.args) };
  const count = whole(json.count);
  t.start = new Uint32Array(n + 1); // operands of value i are args[start[i] .. start[i + 1])
  for (let i = 0; i < n; i++) t.start[i + 1] = t.start[i] + count[i];
  t.partial = f64(json.partial);
  t.names ||= {};
  t.marks ||= {};
  t.named = new Uint8Array(n);
  for (const i of Object.keys(t.names)) t.named[i] = 1;
  // v1, v2, … for what was computed and has no name, u1, … for a leaf: the rule of notation/names.py.
  const taken = new Set(Object.values(t.names)), free = { u: 0, v: 0 };
  t.auto = Array.from({ length: n }, (_, i) => {
    if (t.named[i]) return "";
    const letter = count[i] ? "v" : "u";
    do free[letter]++; while (taken.has(letter + free[letter]));
    return letter + free[letter];
  });
  t.forward = json.forward ? whole(json.forward) : Uint32Array.from(count.keys()).filter((i) => count[i]);
  t.when = new Int32Array(n).fill(-1); // the forward step that makes value i, -1 for a leaf
  t.forward.forEach((i, k) => { t.when[i] = k; });
  t.users = new Uint32Array(n); // how many operand places each value fills
  // An operand of n or more is a number of the code, which is no value.
  for (const a of t.args) if (a < n) t.users[a]++;
  Object.assign(t, json.back ? told(json.back) : derived(t, root));
  const F = t.forward.length;
  t.seed = F;
  t.total = F + 1 + t.cNode.length;
  t.need = new Uint32Array(n);
  for (const a of t.cArg) t.need[a]++;
  t.cBefore = new Float64Array(t.cNode.length);
  const grad = new Float64Array(n);
  grad[root] = 1;
  for (let k = 0; k < t.cNode.length; k++) {
    t.cBefore[k] = grad[t.cArg[k]];
    grad[t.cArg[k]] = t.cAfter[k];
  }
  t.breaks = new Set(json.breaks || []);
  t.told = { data: t.data.slice() }; // as Python had them
  return t;
}

// A pass that did something else than the chain rule says comes with every number written out.
function told(back) {
  return {
    cNode: whole(back.node), cArg: whole(back.arg), cPartial: f64(back.partial),
    cSlot: Int32Array.from(whole(back.slot), (s) => (s === 0xffffffff ? -1 : s)),
    cValue: f64(back.value), cAfter: f64(back.after),
  };
}

function derived(t, root) {
  const m = t.args.reduce((sum, a) => sum + (a < t.n), 0);
  const cNode = new Uint32Array(m), cArg = new Uint32Array(m), cSlot = new Int32Array(m);
  const cPartial = new Float64Array(m), cValue = new Float64Array(m), cAfter = new Float64Array(m);
  const grad = new Float64Array(t.n);
  grad[root] = 1;
  let k = 0;
  for (let f = t.forward.length - 1; f >= 0; f--) {
    const i = t.forward[f];
    for (let e = t.start[i]; e < t.start[i + 1]; e++) {
      const arg = t.args[e];
      if (arg >= t.n) continue;
      cNode[k] = i;
      cArg[k] = arg;
      cSlot[k] = e - t.start[i];
      cPartial[k] = t.partial[e];
      cValue[k] = grad[i] * t.partial[e];
      cAfter[k] = grad[arg] += cValue[k];
      k++;
    }
  }
  return { cNode, cArg, cSlot, cPartial, cValue, cAfter };
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

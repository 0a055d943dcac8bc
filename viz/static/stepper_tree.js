// Which boxes are open, and so which things are seen. A thing is a value i (0 .. n-1) or box n + g.

import { whole } from "./stepper_trace.js";

export const LIMIT = 2000; // above this many things only the neighbourhood of the step is drawn

export class Tree {
  constructor(trace) {
    const groups = trace.groups || { parent: [], name: [] };
    this.t = trace;
    this.n = trace.n;
    this.parent = groups.parent;
    this.name = groups.name;
    this.size = groups.parent.length;
    this.of = groups.of ? Int32Array.from(whole(groups.of)) : new Int32Array(trace.n); // in the file 0 is the top
    for (let i = 0; i < trace.n; i++) this.of[i]--;
    this.open = new Uint8Array(this.size);
    this.children = Array.from({ length: this.size + 1 }, () => []); // last: the top
    this.parent.forEach((p, g) => this.children[p < 0 ? this.size : p].push(this.n + g));
    for (let i = 0; i < trace.n; i++) this.children[this.of[i] < 0 ? this.size : this.of[i]].push(i);
    this.members = Array.from({ length: this.size }, () => null);
    this.show(trace.open || []);
  }

  // These boxes open, all others closed.
  show(open) {
    const now = new Uint8Array(this.size);
    for (const g of open) now[g] = 1;
    if (this.items && now.every((x, g) => x === this.open[g])) return;
    this.open = now;
    this.refresh();
  }

  // What tells each box from others in another graph: its name and those of the boxes around it, counted where several have the same.
  get paths() {
    const seen = new Map(), path = (g) => (g < 0 ? "" : `${path(this.parent[g])}/${this.name[g]}`);
    return (this.pathsOf ||= this.parent.map((_, g) => {
      const plain = path(g), count = seen.get(plain) || 0;
      seen.set(plain, count + 1);
      return count ? `${plain} (${count})` : plain;
    }));
  }

  // Work out what shows each value, after boxes were opened or closed.
  refresh() {
    const shown = new Int32Array(this.size).fill(-2); // outermost closed box around g, -1 for none
    for (let g = 0; g < this.size; g++) {
      const path = [];
      let at = g;
      while (at >= 0 && shown[at] === -2) { path.push(at); at = this.parent[at]; }
      let seen = at < 0 ? -1 : shown[at];
      for (const box of path.reverse()) {
        if (seen < 0 && !this.open[box]) seen = box;
        shown[box] = seen;
      }
    }
    this.item = new Int32Array(this.n);
    this.items = [];
    const once = new Uint8Array(this.n + this.size);
    for (let i = 0; i < this.n; i++) {
      const g = this.of[i], x = this.item[i] = g < 0 || shown[g] < 0 ? i : this.n + shown[g];
      if (!once[x]) { once[x] = 1; this.items.push(x); }
    }
    this.edges = this.bundle();
    this.near = null;
  }

  // Edges between things seen; operands of unfolded values stay single, so that x * x has two.
  bundle() {
    const { t, item, n } = this, span = n + this.size, seen = new Map(), edges = [];
    for (let i = 0; i < n; i++) {
      for (let e = t.start[i], slot = 0; e < t.start[i + 1]; e++, slot++) {
        const a = item[t.args[e]], b = item[i];
        if (a === b || a === undefined) continue;
        if (a < n && b < n) { edges.push({ a, b, slot, count: 1 }); continue; }
        const key = a * span + b, old = seen.get(key);
        if (old) old.count++;
        else { const edge = { a, b, slot: -1, count: 1 }; seen.set(key, edge); edges.push(edge); }
      }
    }
    return edges;
  }

  isBox(x) { return x >= this.n; }

  // Every value inside box x, in topological order.
  inside(x) {
    const g = x - this.n;
    if (this.members[g]) return this.members[g];
    const found = [], stack = [x];
    while (stack.length) {
      const y = stack.pop();
      if (y < this.n) found.push(y);
      else stack.push(...this.children[y - this.n]);
    }
    return (this.members[g] = Uint32Array.from(found).sort());
  }

  // The innermost open box around thing x, -1 for none.
  around(x) {
    const g = x < this.n ? this.of[x] : this.parent[x - this.n];
    return g < 0 ? -1 : this.n + g;
  }

  openBoxes() {
    const found = [];
    for (let g = 0; g < this.size; g++) {
      if (!this.open[g]) continue;
      let up = this.parent[g];
      while (up >= 0 && this.open[up]) up = this.parent[up];
      if (up < 0) found.push(this.n + g);
    }
    return found;
  }

  neighbours() {
    if (!this.near) {
      this.near = new Map();
      const put = (x, y, side) => {
        let to = this.near.get(x);
        if (!to) this.near.set(x, (to = { args: [], users: [] }));
        if (to[side].length < 16 && !to[side].includes(y)) to[side].push(y);
      };
      for (const { a, b } of this.edges) { put(b, a, "args"); put(a, b, "users"); }
    }
    return this.near;
  }

  // Up to `most` things near the given ones, nearest first.
  nearby(seeds, most = 40) {
    const near = this.neighbours(), found = new Set(seeds), queue = [...found];
    for (let at = 0; at < queue.length && found.size < most; at++) {
      const next = near.get(queue[at]);
      for (const y of next ? [...next.args, ...next.users] : []) {
        if (found.size >= most) break;
        if (!found.has(y)) { found.add(y); queue.push(y); }
      }
    }
    return [...found];
  }
}

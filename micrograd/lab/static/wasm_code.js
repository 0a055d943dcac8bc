// WebAssembly as bytes: code that grows, expressions over the primitives of the table, and the module around functions.
// The page's policy lets WebAssembly be made (Python itself is that), and no JavaScript from a text.

import { PRIMITIVES } from "./primitives.js";

const F64 = 0x7c, I32 = 0x7f;
const ONE = { abs: 0x99, neg: 0x9a, ceil: 0x9b, floor: 0x9c, trunc: 0x9d, round: 0x9e, sqrt: 0x9f }; // instructions of one operand
const TWO = { add: 0xa0, sub: 0xa1, mul: 0xa2, div: 0xa3, minimum: 0xa4, maximum: 0xa5 };
// These are JavaScript's own, which a browser knows how to call; all others are the table's functions in JavaScript.
const BROWSERS = ["exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "tanh", "expm1", "log1p", "atan2"];
export const FUNCTIONS = Object.keys(PRIMITIVES).filter((name) => PRIMITIVES[name].length < 3); // imported, in this order

export class Code {
  constructor(room = 1 << 16) {
    this.bytes = new Uint8Array(room);
    this.size = 0;
  }

  put(...bytes) {
    if (this.size + bytes.length > this.bytes.length) this.grow(bytes.length);
    for (const byte of bytes) this.bytes[this.size++] = byte;
    return this;
  }

  grow(more) {
    const larger = new Uint8Array(2 * this.bytes.length + more);
    larger.set(this.bytes);
    this.bytes = larger;
  }

  // An unsigned whole number, seven bits a byte.
  count(n) {
    while (n > 127) {
      this.put((n & 127) | 128);
      n = Math.floor(n / 128);
    }
    return this.put(n);
  }

  // The same with a sign.
  signed(n) {
    for (;;) {
      const low = n & 127;
      n >>= 7;
      if ((n === 0 && !(low & 64)) || (n === -1 && low & 64)) return this.put(low);
      this.put(low | 128);
    }
  }

  all(bytes) {
    if (this.size + bytes.length > this.bytes.length) this.grow(bytes.length);
    this.bytes.set(bytes, this.size);
    this.size += bytes.length;
    return this;
  }

  get done() { return this.bytes.subarray(0, this.size); }

  // ------------------------------------------------------------ instructions

  number(x) {
    return this.put(0x44).all(new Uint8Array(new Float64Array([x]).buffer));
  }

  whole(n) { return this.put(0x41).signed(n); }
  get(local) { return this.put(0x20).count(local); }
  set(local) { return this.put(0x21).count(local); }
  call(f) { return this.put(0x10).count(f); }
  zero() { return this.put(0x41, 0); } // the address to which a place is added
  load(place) { return this.put(0x2b, 3).count(place); } // a double
  store(place) { return this.put(0x39, 3).count(place); }
  add() { return this.put(0xa0); }
  times() { return this.put(0xa2); }

  // One line of a rule, [primitive, operand, …]. operand(x) puts the number of an operand on the stack.
  line([name, ...operands], operand) {
    const both = (a, b) => { operand(a); operand(b); };
    if (name === "where") {
      both(operands[1], operands[2]);
      operand(operands[0]);
      return this.number(0).put(0x62, 0x1b);
    }
    if (name === "less" || name === "equal") {
      both(...operands);
      return this.put(name === "less" ? 0x63 : 0x61, 0xb8);
    }
    if (name === "relu") {
      operand(operands[0]);
      return this.number(0).put(TWO.maximum);
    }
    if (name === "power" && Number(operands[1]) === 2 && typeof operands[1] === "string") {
      both(operands[0], operands[0]);
      return this.times();
    }
    for (const x of operands) operand(x);
    if (ONE[name] ?? TWO[name]) return this.put(ONE[name] ?? TWO[name]);
    if (!FUNCTIONS.includes(name)) throw new Error(`no primitive is called ${name}`);
    return this.call(FUNCTIONS.indexOf(name));
  }

  // The lines of a rule. Registers below `given` are operands that `operand` puts there, the lines' own are locals from `first` on.
  lines(found, given, first, operand) {
    const put = (x) => (typeof x === "string" ? this.number(Number(x)) : x < given ? operand(x) : this.get(first + x - given));
    found.forEach((line, k) => this.line(line, put).set(first + k));
    return put;
  }
}

const section = (id, ...parts) => {
  const body = new Code(64), whole = new Code(64);
  for (const part of parts) body.all(part);
  return whole.put(id).count(body.size).all(body.done).done;
};

const listed = (parts) => {
  const whole = new Code(64).count(parts.length);
  for (const part of parts) whole.all(part);
  return whole.done;
};

const text = (word) => new Code(64).count(word.length).all(new TextEncoder().encode(word)).done;

// A module of functions { name, code, doubles, row }: `doubles` locals; row: it takes an address (local 0) and has another whole number
// (local 1). pages: of memory, 64 KB each. It gives those with a name, and for each of `passes` { name, first, last } one that calls them.
export function assembled(parts, pages, passes) {
  const functions = [...parts];
  for (const { name, first, last } of passes) {
    const code = new Code();
    for (let k = first; k < last; k++) code.call(FUNCTIONS.length + k);
    functions.push({ name, code, doubles: 0 });
  }
  const arity = FUNCTIONS.map((name) => PRIMITIVES[name].length);
  const kinds = [1, 2].map((n) => new Code(8).put(0x60, n, ...Array(n).fill(F64), 1, F64).done);
  kinds.push(new Uint8Array([0x60, 0, 0]), new Uint8Array([0x60, 1, I32, 0]));
  const imported = FUNCTIONS.map((name, k) => new Code(32).put(1, 0x66).all(text(name)).put(0, arity[k] - 1).done);
  imported.push(new Code(16).put(1, 0x66).all(text("memory")).put(2, 0).count(pages).done);
  const given = functions.flatMap(({ name }, k) => (name ? [new Code(16).all(text(name)).put(0).count(FUNCTIONS.length + k).done] : []));
  const bodies = functions.map(({ code, doubles, row }) => {
    const locals = new Code(16);
    if (row) locals.put(2, 1, I32).count(doubles).put(F64);
    else locals.put(1).count(doubles).put(F64);
    return new Code(code.size + 16).count(locals.size + code.size + 1).all(locals.done).all(code.done).put(0x0b).done;
  });
  return joined([
    new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]),
    section(1, listed(kinds)),
    section(2, listed(imported)),
    section(3, listed(functions.map(({ row }) => new Uint8Array([row ? 3 : 2])))),
    section(7, listed(given)),
    section(10, listed(bodies)),
  ]);
}

function joined(parts) {
  const whole = new Code(parts.reduce((sum, part) => sum + part.length, 0));
  for (const part of parts) whole.all(part);
  return whole.done;
}

// The functions of a module, on a memory.
export function instantiated(bytes, memory) {
  const f = { memory };
  for (const name of FUNCTIONS) f[name] = BROWSERS.includes(name) ? Math[name] : PRIMITIVES[name];
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), { f }).exports;
}

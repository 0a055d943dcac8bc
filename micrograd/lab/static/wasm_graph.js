// A scalar graph as WebAssembly: its numbers forward, and every gradient back, a few instructions an operation, without a loop.
//
// Tables: leaves (how many come first), code (of each result the place of its rule), args and counts (ids of arguments, one behind the
// other, and how many each has; -1, -2 … are constants), rules (micrograd/telling.py; of a look-up { choose: true }), constants (in
// words), wanted (1: has a gradient), root. An id is a place among the numbers: leaves, results, constants.

import { Code } from "./wasm_code.js";

const LONG = 1 << 14; // bytes of one function, which a browser makes fast code of as a whole

// Where things lie in memory, in bytes: numbers, gradients, flags (something reached it), the addresses of look-ups; then what is free.
export function layout(tables) {
  const inner = tables.code.length, count = tables.leaves + inner + tables.constants.length;
  const places = { inner, count, gradients: 8 * count, flags: 8 * (2 * count), looked: 8 * (3 * count) };
  let looked = 0;
  tables.code.forEach((rule, k) => { if (tables.rules[rule].choose) looked += tables.counts[k] - 1; });
  return { ...places, free: places.looked + 8 * Math.ceil(looked / 2), many: looked };
}

// What a gradient reaches at every run. Another result, below edges that may pass nothing, is asked each time by its flag.
function certain({ leaves, code, rules, counts, wanted, root }, args, starts) {
  const sure = new Uint8Array(leaves + code.length);
  if (root >= 0) sure[root] = 1;
  for (let k = code.length - 1; k >= 0; k--) {
    if (!sure[leaves + k] || !wanted[leaves + k]) continue;
    const rule = rules[code[k]];
    for (let e = 0; e < counts[k]; e++) {
      const pass = rule.g ? rule.g[2][e] : rule.all && rule.each !== "0.0" ? "1.0" : "0.0";
      const arg = args[starts[k] + e];
      if (typeof pass === "string" && Number(pass) !== 0 && arg < sure.length) sure[arg] = 1;
    }
  }
  return sure;
}

// The functions `forward` and `backward`, for `assembled`; looked: where the addresses of look-ups are written.
export function functions(tables, places, looked) {
  const { leaves, rules, code, counts, wanted } = tables, { inner, gradients, flags } = places;
  const args = Int32Array.from(tables.args, (id) => (id < 0 ? leaves + inner - 1 - id : id));
  const starts = new Int32Array(inner + 1);
  for (let k = 0; k < inner; k++) starts[k + 1] = starts[k] + counts[k];
  const sure = certain(tables, args, starts);
  const doubles = 2 + Math.max(0, ...rules.map((rule) => Math.max(rule.f?.[0].length ?? 0, rule.g?.[0].length ?? 0)));
  const found = [];
  let table = 0; // the place of the next look-up among the addresses

  const chunked = (name, order, each) => {
    const first = found.length;
    let body = new Code();
    for (const k of order) {
      each(body, k);
      if (body.size > LONG) {
        found.push({ code: body, doubles });
        body = new Code();
      }
    }
    found.push({ code: body, doubles });
    return { name, first, last: found.length };
  };

  const value = (body, id) => body.zero().load(8 * id);

  const forward = (body, k) => {
    const rule = rules[code[k]], from = starts[k], to = starts[k + 1], at = 8 * (leaves + k);
    body.zero();
    if (rule.all === "sum" || rule.all === "dot") {
      const half = (to - from) / 2, terms = rule.all === "dot" ? half : to - from;
      if (!terms) body.number(0);
      for (let e = from; e < from + terms; e++) {
        value(body, args[e]);
        if (rule.all === "dot") value(body, args[e + half]).times();
        if (e > from) body.add();
      }
    } else if (rule.all === "shift") {
      body.number(-Infinity);
      for (let e = from; e < to; e++) value(body, args[e]).put(0xa5);
      body.number(0).add().set(1); // -0 is 0
      body.number(0).get(1).get(1).put(0x99).number(Infinity).put(0x61, 0x1b);
    } else if (rule.choose) {
      looked.set(args.subarray(from + 1, to).map((id) => 8 * id), table);
      value(body, args[from]).put(0xfc, 0x03, 0x41, 2, 0x74, 0x28, 2).count(places.looked + 4 * table).load(0);
      table += to - from - 1;
    } else {
      const [lines, result] = rule.f, n = to - from;
      const operand = (x) => value(body, args[from + x]);
      body.lines(lines, n, 2, operand)(result);
    }
    body.store(at);
  };

  const collect = (body, id, partial) => { // gradient[id] += g · partial
    body.zero().zero().load(gradients + 8 * id).get(0);
    if (partial) {
      partial();
      body.times();
    }
    body.add().store(gradients + 8 * id);
    if (id >= leaves && !sure[id]) body.zero().number(1).store(flags + 8 * id);
  };

  const backward = (body, k) => {
    const id = leaves + k, rule = rules[code[k]], from = starts[k], to = starts[k + 1];
    if (rule.all ? rule.each === "0.0" : rule.g && rule.g[2].every((x) => Number(x) === 0 && typeof x === "string")) return;
    if (rule.choose) table -= to - from - 1;
    if (!wanted[id]) return;
    if (!sure[id]) body.zero().load(flags + 8 * id).number(0).put(0x62, 0x04, 0x40);
    body.zero().load(gradients + 8 * id).set(0);
    if (rule.all) {
      const half = (to - from) / 2;
      for (let e = from; e < to; e++) {
        if (!wanted[args[e]]) continue;
        collect(body, args[e], rule.each === "1.0" ? null : () => value(body, args[e < from + half ? e + half : e - half]));
      }
    } else if (rule.choose) { // the address of the row, its gradient in place of its number; its flag
      const row = () => value(body, args[from]).put(0xfc, 0x03, 0x41, 2, 0x74, 0x28, 2).count(places.looked + 4 * table);
      row();
      row().load(gradients).get(0).add().store(gradients);
      row().number(1).store(flags);
    } else {
      const [lines, partials, passes] = rule.g, n = to - from;
      const operand = (x) => value(body, x === n ? id : args[from + x]);
      const put = body.lines(lines, n + 1, 2, operand);
      for (let e = 0; e < n; e++) {
        const pass = passes[e], arg = args[from + e], known = typeof pass === "string";
        if (!wanted[arg] || (known && Number(pass) === 0)) continue;
        if (!known) {
          put(pass);
          body.number(0).put(0x62, 0x04, 0x40);
        }
        collect(body, arg, partials[e] === "1.0" ? null : () => put(partials[e]));
        if (!known) body.put(0x0b);
      }
    }
    if (!sure[id]) body.put(0x0b);
  };

  const order = Array.from({ length: inner }, (_, k) => k);
  const passes = [chunked("forward", order, forward)];
  if (tables.root >= 0) passes.push(chunked("backward", order.reverse(), backward));
  return [found, passes];
}

// The rule of an optimizer as a loop over parameters: `update`, which takes the address of the numbers of a step.
// slots: where the optimizer's own numbers lie, an array each; count: of parameters, which are the first leaves.
export function update({ lines, results, slots, numbers }, places, count, at) {
  const body = new Code(), given = 2 + slots + numbers;
  body.whole(0).set(1).put(0x03, 0x40); // loop: local 1 is 8 · the parameter
  for (let x = 0; x < given; x++) {
    if (x < 2 + slots) body.get(1).load(x === 0 ? 0 : x === 1 ? places.gradients : at + 8 * count * (x - 2));
    else body.get(0).load(8 * (x - 2 - slots));
    body.set(2 + x);
  }
  const put = body.lines(lines, given, 2 + given, (x) => body.get(2 + x));
  results.forEach((x, k) => {
    body.get(1);
    put(x);
    body.store(k === 0 ? 0 : at + 8 * count * (k - 1));
  });
  body.get(1).whole(8).put(0x6a, 0x22, 1).whole(8 * count).put(0x49, 0x0d, 0, 0x0b);
  return { name: "update", code: body, doubles: given + lines.length + 1, row: true };
}

// Numbers, formulas and the sentences for the live region. A formula is tokens (viz/notation/mathml.py): data, no markup. `["mo", "+"]` is
// an element with its text or its tokens, a number the hole of that operand, -1 that of the result, `["bare", 0]` a hole without parentheses.

import { nameOf as called } from "./stepper_trace.js";

// Four significant digits; whole numbers in full; a true minus sign.
export function fmt(x) {
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
  if (Number.isInteger(x) && Math.abs(x) < 1e6) return Object.is(x, -0) ? "−0" : String(x).replace("-", "−");
  const r = Number(x.toPrecision(4)), a = Math.abs(r);
  const text = a >= 1e6 || a < 1e-4 ? x.toExponential(3).replace(/\.?0+e\+?/, "e").replace("e+", "e") : String(r);
  return text.replaceAll("-", "−");
}

// A count with commas, as toLocaleString("en") writes it: that takes tens of milliseconds when it is first called.
export const counted = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");

// A long dotted name keeps its end and a bundle its count: "…rons[3].w[1]", "param… ×337".
export function shorten(name, most) {
  if (name.length <= most) return name;
  const [, stem, count] = name.match(/^(.*?)((?: #\d+)?(?: ×[\d,]+)?)$/s);
  if (count) return `${stem.slice(0, Math.max(1, most - count.length - 1))}…${count}`;
  return name.includes(".") ? `…${name.slice(1 - most)}` : `${name.slice(0, most - 1)}…`;
}

export const nameOf = called;

// The operation as it stands in the box of value i, with the numbers of the code in it.
export const signOf = (t, i) => {
  const { k, s } = t.ops[t.op[i]];
  return (k || s).replace(/\{(\d+)\}/g, (_, slot, at, all) => {
    const text = fmt(t.data[t.args[t.start[i] + Number(slot)]]);
    return text[0] === "−" && /[^(,] $/.test(all.slice(0, at)) ? `(${text})` : text;
  });
};

const mo = (sign) => ["mo", sign];
const mn = (text) => ["mn", text];
const row = (...parts) => ["mrow", ...parts];
const frac = (a, b) => ["mfrac", row(...a), row(...b)];

export function nameMath(t, i, bare) {
  // A number of the code.
  if (i >= t.n) return number(t.data[i], bare);
  const [, stem, power] = nameOf(t, i).match(/^(.*?)(?:⁽([⁰¹²³⁴⁵⁶⁷⁸⁹]+)⁾)?$/s), name = wordMath(shorten(stem, 16));
  if (!power) return name;
  return ["msup", name, row(mo("("), mn([...power].map((c) => "⁰¹²³⁴⁵⁶⁷⁸⁹".indexOf(c)).join("")), mo(")"))];
}

// A letter with a number gets an index, longer names stand upright.
function wordMath(name) {
  const [, letter, plain, bracketed] = name.match(/^(\p{L})(?:_?(\d+)|\[(\d+)\])$/u) || [];
  if (letter) return ["msub", ["mi", letter], mn(plain || bracketed)];
  return [name.length > 1 ? "word" : "mi", name];
}

const number = (x, bare) => {
  const text = fmt(x), power = text.match(/^(.*)e(.*)$/);
  const body = power ? [mn(power[1]), mo("·"), ["msup", mn("10"), mn(power[2])]] : [mn(text)];
  return text.startsWith("−") && !bare ? row(mo("("), ...body, mo(")")) : row(...body);
};

// Fill a form's holes.
const fill = (form, put) => form.map((token) =>
  typeof token === "number" ? put(token, false) : token[0] === "bare" ? put(token[1], true) : Array.isArray(token) ? fill(token, put) : token);

// The collected gradient, which never looks like a local derivative.
const grad = (t, i) => row(nameMath(t, i), ["dot", "."], ["word", "grad"]);
const slope = (t, node, arg) => frac([["mi", "∂"], nameMath(t, node)], [["mi", "∂"], nameMath(t, arg)]);
const argOf = (t, node, hole) => (hole < 0 ? node : t.args[t.start[node] + hole]);
const inNames = (t, node, form) => fill(form, (hole, bare) => nameMath(t, argOf(t, node, hole), bare));
const dotted = (form) => form.map((token) => (token === "\u2062" ? "·" : Array.isArray(token) ? dotted(token) : token));
const inNumbers = (t, node, form) => fill(dotted(form), (hole, bare) => number(t.data[argOf(t, node, hole)], bare));
const alike = (a, b) => JSON.stringify(a) === JSON.stringify(b);

// Is a rule so short that its number is said already: a number, an operand, a convention?
const said = (form) => form.at(-1)[0] === "mtext" || (form.length === 1 && (typeof form[0] === "number" || form[0][0] === "mn" || form[0][0] === "bare"));

// The formula of a step's local derivative. Python told where it is a convention at its numbers; at others a kink is where operands meet.
function formula(t, { node, slot, partial }) {
  const row = t.ops[t.op[node]], { w } = row;
  if (!t.changed || !w) return row.d[slot];
  const xs = Array.from(t.args.subarray(t.start[node], t.start[node + 1]), (a) => t.data[a]);
  const kink = xs.length > 1 && xs.every((x) => x === xs[0]) && (xs[0] === 0 || partial === 0.5);
  return kink ? [number(partial, true), ["mtext", ", by convention"]] : (w.length ? w : row.d)[slot];
}

// A zero that a rule itself says passes nothing, not even infinity or nan.
const nothing = ({ upstream, partial, value }) => value === 0 && Number.isNaN(upstream * partial) && !Number.isNaN(partial);

// The lines of mathematics for one step, most important first, as tokens.
export function lines(t, step, question = null) {
  const { node } = step;
  if (step.kind === "forward") {
    const { f } = t.ops[t.op[node]];
    return [[nameMath(t, node), mo("="), ...inNames(t, node, f), mo("="), ...inNumbers(t, node, f), mo("="), number(t.data[node], true)]];
  }
  if (step.kind === "seed") return [[grad(t, node), mo("="), mn("1")]];
  const { arg, partial, value, before, after } = step;
  if (question) return asked(t, step, question);
  const up = step.upstream, local = slope(t, node, arg), p = number(partial), v = number(value, true);
  const known = !Number.isNaN(partial) || Number.isNaN(value);
  const product = up * partial;
  const exact = Object.is(product, value) || product === value || (product !== product && value !== value);
  const made = [known
    ? [grad(t, arg), mo("+="), grad(t, node), mo("·"), local, mo("="), number(up, true), mo("·"), p,
      ...(nothing(step) ? [["mtext", ", which passes nothing"]] : [mo(exact ? "=" : "≠"), v])]
    : [grad(t, arg), mo("+="), v]];
  const rule = formula(t, step);
  if (rule && known) {
    const shown = inNames(t, node, rule), numbers = inNumbers(t, node, rule);
    made.push([local, mo("="), ...shown, ...(alike(shown, numbers) ? [] : [mo("="), ...numbers]),
      ...(said(rule) ? [] : [mo("="), number(partial, true)])]);
  }
  made.push([grad(t, arg), mo(":"), number(before, true), mo("+"), number(value), mo(
    before + value === after || after !== after ? "=" : "≠"), number(after, true)]);
  return made;
}

// The same while a question is open: symbols alone, then the rule, then its numbers.
function asked(t, step, { kind, hints }) {
  const { node, arg, partial, before, upstream } = step, blank = ["blank", "?"], local = slope(t, node, arg);
  const rule = formula(t, step), made = [];
  if (kind === "slope") made.push([local, mo("="), blank]);
  else {
    const sum = kind === "total" ? [number(before, true), mo("+")] : [];
    const numbers = hints > 1 && partial === partial ? [mo("="), ...sum, number(upstream, !sum.length), mo("·"), number(partial)] : [];
    const left = kind === "total" ? [grad(t, arg), mo("=")] : [grad(t, arg), mo("+=")];
    made.push([...left, ...sum, grad(t, node), mo("·"), local, ...numbers, mo("="), blank]);
  }
  if (hints > 0 && rule) made.push([local, mo("="), ...inNames(t, node, rule)]);
  return made;
}

const say = (x) => fmt(x).replace("−", "minus ").replace("∞", "infinity");
const STATUS = { finished: "finished", partial: "not finished yet", untouched: "untouched" };

// One sentence, as a screen reader says it.
export function sentence(t, step, status) {
  const name = (i) => nameOf(t, i);
  if (step.kind === "forward") {
    const args = Array.from(t.args.subarray(t.start[step.node], t.start[step.node + 1])).filter((_, i) => !t.ops[t.op[step.node]].k?.includes(`{${i}}`));
    const from = args.slice(0, 6).map((a) => (a < t.n ? `${name(a)} ${say(t.data[a])}` : say(t.data[a]))).join(", ");
    return `Forward: ${name(step.node)} becomes ${say(t.data[step.node])} by ${signOf(t, step.node)} of ${from}.`;
  }
  if (step.kind === "seed") return `Seed: the gradient of ${name(step.node)} is set to 1.`;
  const known = Number.isNaN(step.partial) ? ""
    : `: upstream ${say(step.upstream)} times local derivative ${say(step.partial)}${nothing(step) ? ", which passes nothing" : ""}`;
  return `Backward: ${name(step.node)} passes ${say(step.value)} to ${name(step.arg)}${known}. ` +
    `Gradient of ${name(step.arg)}: ${say(step.before)} to ${say(step.after)}, ${STATUS[status]}.`;
}

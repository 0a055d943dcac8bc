// The quiz: what is asked at a step, how an answer is judged, and which mistake a wrong one shows.

import { fmt, nameOf } from "./stepper_math.js";

// A small seeded generator (mulberry32), so that a seed always gives the same questions.
export function random(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export const close = (x, y, tolerance = 0.01) =>
  Object.is(x, y) || x === y || Math.abs(x - y) <= tolerance * Math.abs(y) + 1e-9 || fmt(x) === fmt(y);

// "−2", "1/3", "2*-3", "0,5" → number; NaN when it is none.
export function parse(text) {
  const plain = text.trim().replaceAll("−", "-").replaceAll("·", "*").replace(/(\d),(\d)/g, "$1.$2");
  const words = { nan: NaN, inf: Infinity, "∞": Infinity, "-inf": -Infinity, "-∞": -Infinity };
  if (plain in words) return words[plain];
  const number = "[-+]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][-+]?\\d+)?";
  const match = plain.match(new RegExp(`^\\(?(${number})\\)?(?:\\s*([*/])\\s*\\(?(${number})\\)?)?$`));
  if (!match) return undefined;
  const [a, b] = [Number(match[1]), Number(match[3])];
  return match[2] === "*" ? a * b : match[2] === "/" ? a / b : a;
}

// The question for a backward step: kind "product", "total" or "slope" (pick one of four).
export function ask(t, step, options) {
  const draw = random((options.seed ?? 0) * 7919 + step.k);
  const kinds = (options.kinds || ["product", "total", "slope"]).filter((kind) =>
    (kind !== "total" || (step.before !== 0 && step.after === step.before + step.value)) &&
    (kind !== "slope" || Number.isFinite(step.partial)));
  const kind = kinds.length ? kinds[Math.floor(draw() * kinds.length)] : "product";
  const arg = nameOf(t, step.arg), node = nameOf(t, step.node);
  const q = { kind, step, tries: 0, hints: 0, done: false, wrong: [] };
  if (kind === "slope") {
    q.answer = step.partial;
    q.text = `Which is the local derivative ∂${node}/∂${arg}?`;
    q.choices = choices(t, step, draw);
  } else if (kind === "total") {
    q.answer = step.after;
    q.text = `${arg}.grad is ${fmt(step.before)} so far. What is it after this step?`;
  } else {
    q.answer = step.value;
    q.text = `What does ${node} pass back to ${arg}, that is ${node}.grad · ∂${node}/∂${arg}?`;
  }
  return q;
}

function choices(t, step, draw) {
  const found = [step.partial];
  const others = [-step.partial, ...slopes(t, step.node), t.data[step.arg], t.data[step.node],
    step.upstream, 1, 0, step.partial + 1, 2 * step.partial, -1];
  for (const x of others) {
    if (found.length < 4 && Number.isFinite(x) && !found.some((y) => fmt(x) === fmt(y))) found.push(x);
  }
  for (let i = found.length - 1; i > 0; i--) {
    const j = Math.floor(draw() * (i + 1));
    [found[i], found[j]] = [found[j], found[i]];
  }
  return found;
}

// nan for a number of the code.
const slopes = (t, node) => Array.from(t.partial.subarray(t.start[node], t.start[node + 1]));

// What a wrong number shows that its author did; "" when it fits no known mistake.
export function mistake(t, q, x) {
  const { step } = q, { upstream, partial, value, before, after } = step;
  const is = (y) => Number.isFinite(y) && close(x, y, 1e-3);
  const name = nameOf(t, step.arg);
  if (q.kind === "slope") {
    if (is(-partial) && partial) return "The sign is wrong.";
    if (slopes(t, step.node).some((p, i) => i !== step.slot && is(p))) return "That is the derivative for the other operand.";
    if (is(t.data[step.node]) || is(t.data[step.arg])) return "That is a value, not a derivative.";
    if (is(upstream)) return "That is the upstream gradient. Asked is the local derivative alone.";
    return "";
  }
  if (q.kind === "total") {
    if (is(value)) return `You overwrote instead of +=: ${name} already had ${fmt(before)}.`;
    if (is(before)) return "That is what was there before: this step adds to it.";
    if (is(before - value)) return "The sign of the contribution is wrong.";
    if (is(before + partial)) return "You forgot the upstream gradient.";
    if (is(before * value)) return "Contributions are added, not multiplied.";
    return "";
  }
  if (is(-value) && value) return "The sign is wrong.";
  if (is(partial)) return "You forgot the upstream gradient: that is the local derivative alone.";
  if (is(upstream)) return "That is the upstream gradient alone: multiply it by the local derivative.";
  if (before && is(after)) return "That is the total after +=. Asked is this contribution alone.";
  if (slopes(t, step.node).some((p, i) => i !== step.slot && is(p * upstream))) {
    return "Wrong operand: that is what the other one gets.";
  }
  if (is(upstream + partial)) return "The chain rule multiplies, it does not add.";
  if (is(t.data[step.node]) || is(t.data[step.arg])) return "That is a value, not a gradient.";
  return "";
}

// The rule in its numbers, for a wrong answer that shows no known mistake: what is to be computed, not what comes out.
export function rule(t, q) {
  const { step } = q, node = nameOf(t, step.node), arg = nameOf(t, step.arg);
  if (q.kind === "slope") {
    const by = 10 ** (Math.floor(Math.log10(Math.abs(t.data[step.arg]) || 1)) - 2);
    return `A nudge of ${fmt(by)} to ${arg} moves ${node} by about ${fmt(by * step.partial)}: that is ∂${node}/∂${arg} times ${fmt(by)}.`;
  }
  const numbers = `${node}.grad · ∂${node}/∂${arg} = ${factors(step)}`;
  return q.kind === "total" ? `${arg}.grad was ${fmt(step.before)}, and += adds ${numbers}.` : `${numbers}: the chain rule multiplies these.`;
}

const around = (x) => (x < 0 ? `(${fmt(x)})` : fmt(x));
const factors = (step) => (Number.isNaN(step.partial) ? fmt(step.value) : `${fmt(step.upstream)} · ${around(step.partial)}`);

// The ladder: formula, numbers, answer.
export function hint(t, q) {
  const { step } = q, node = nameOf(t, step.node), arg = nameOf(t, step.arg);
  q.hints = Math.min(3, q.hints + 1);
  const last = `The answer is ${fmt(q.answer)}.`;
  if (q.kind === "slope") {
    const formula = `${node} comes from ${t.ops[t.op[step.node]].s}: how fast does it change with ${arg}, the rest held fixed?`;
    const args = Array.from(t.args.subarray(t.start[step.node], t.start[step.node + 1]));
    const values = args.filter((a) => a < t.n).map((a) => `${nameOf(t, a)} = ${fmt(t.data[a])}`).join(", ");
    return [formula, `${values}, ${node} = ${fmt(t.data[step.node])}`, last][q.hints - 1];
  }
  const product = `${node}.grad · ∂${node}/∂${arg}`;
  const numbers = factors(step);
  if (q.kind === "total") {
    return [`New gradient = old gradient + ${product}`, `${fmt(step.before)} + ${numbers}`, last][q.hints - 1];
  }
  return [product, numbers, last][q.hints - 1];
}

// Points for a question: 1 at once, less for each hint or wrong try, 0 once the answer was shown or no other choice was left.
export function points(q) {
  if (q.hints >= 3 || (q.choices && q.tries >= q.choices.length - 1)) return 0;
  return Math.max(0, 1 - 0.25 * q.hints - (q.choices ? 0.5 : 0.25) * q.tries);
}

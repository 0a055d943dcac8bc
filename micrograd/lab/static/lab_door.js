// What comes from the worker is a stranger's: a program there can send any message. Only these shapes pass, and no text is ever HTML.

const LONG = 64 * 2 ** 20, SHORT = 20_000;

const text = (x, most = SHORT) => typeof x === "string" && x.length <= most;
const number = (x) => typeof x === "number";
const flag = (x) => typeof x === "boolean";
const list = (x, each, most = 100_000) => Array.isArray(x) && x.length <= most && x.every((y) => each(y));
const shape = (of) => (x) => x !== null && typeof x === "object" && Object.entries(of).every(([key, fits]) => fits(x[key]));
const maybe = (fits) => (x) => x === undefined || x === null || fits(x);

// Formulas, as viz/notation/mathml.py writes them: a number is a hole, a list a kind and its text or tokens. The page makes elements of them.
const token = (x, depth = 0) => number(x) || (Array.isArray(x) && depth < 60 && text(x[0], 20) && x.length <= 10_000 &&
  x.slice(1).every((y) => text(y) || token(y, depth + 1)));
export const formula = (x) => list(x, (y) => token(y), 10_000);

// Numbers, texts, flags and lists and tables of them; formulas in `ops`.
function data(x, depth = 0) {
  if (x === null || number(x) || flag(x) || x === undefined) return true;
  if (typeof x === "string") return x.length <= LONG;
  if (typeof x !== "object" || depth > 80 || !(Array.isArray(x) || Object.getPrototypeOf(x) === Object.prototype)) return false;
  return Object.entries(x).every(([key, value]) => key !== "__proto__" && data(value, depth + 1));
}

const ops = (x) => list(x, (row) => shape({ s: text, f: formula })(row) && list(row.d, formula, 1000) && maybe(text)(row.k));
const VALUES = 2_000_000; // more than a page can hold
const trace = (x) => data(x) && shape({ format: number, n: number, root: number, data: (y) => text(y, LONG), ops })(x) &&
  x.n >= 1 && x.n <= VALUES && text(x.op, LONG) && x.n <= x.op.length;

// What opens the boxes of a comparison: its lists fit each other, and no box is inside itself.
function boxes(x) {
  const n = x?.of?.length, g = x?.parent?.length, whole = (top) => (y) => Number.isInteger(y) && y >= -1 && y < top;
  const row = (y) => list(y, (z) => z === null || text(z) || number(z), 4);
  const drawn = (y) => list(y, () => true, 10) && list(y[1], row, 100) && Number.isFinite(y[6]) && Number.isFinite(y[7]);
  const thing = (y) => list(y, () => true, 3) && drawn(y[0]) && (y[1] === null || list(y[1], (z) => text(z) || number(z), 4)) && text(y[2]);
  const side = (y) => list(y, (z) => z === 0 || z === 1 || (list(z, () => true, 3) && list(z[0], row, 100) && text(z[1]) && text(z[2])));
  if (!data(x) || !shape({
    of: (y) => list(y, whole(g), 3000), parent: (y) => list(y, whole(g), 6000), things: (y) => list(y, thing), frames: (y) => list(y, () => true),
    args: (y) => list(y, (z) => list(z, (a) => whole(n)(a) && a >= 0, 3000), 3000), operands: (y) => list(y, (z) => list(z, number)),
    open: (y) => list(y, whole(g)), sides: (y) => list(y, side, 2), gone: (y) => list(y, (z) => list(z, text), 2), lines: (y) => typeof y === "object" && y,
    op: (y) => list(y, text, 2), cluster: (y) => list(y, text, 3),
  })(x)) return false;
  if (x.things.length !== n + g || x.frames.length !== g || x.args.length !== n || x.operands.length !== n) return false;
  return x.parent.every((_, from) => { let at = from; for (let k = 0; at >= 0 && k <= g; k++) at = x.parent[at]; return at === -1; });
}

const ways = (x) => list(x, (y) => list(y, () => true, 3) && text(y[0]) && text(y[1]) && flag(y[2]), 20);
const LINES = shape({ kind: text, title: text, note: text, head: (x) => list(x, text, 20), more: number,
  rows: (x) => list(x, (y) => list(y, () => true, 3) && text(y[0]) && text(y[1]) && list(y[2], text, 20)) });

const mistake = shape({ key: text, title: text, line: number, text, rows: (x) => list(x, (row) => list(row, text, 2) && row.length === 2, 20),
  svg: (x) => text(x, LONG), hints: (x) => list(x, text, 3) });
const REPORT = shape({ subject: text, head: text, ok: flag, faults: (x) => list(x, mistake, 1000), missing: (x) => list(x, text, 1000),
  notes: (x) => list(x, text, 1000), works: text, unread: (x) => list(x, text, 1000) });

const VIEWS = {
  doctor: shape({ classes: (x) => list(x, text, 20), chosen: text, reports: (x) => list(x, REPORT, 2) }),
  compare: shape({ way: text, ways, names: (x) => list(x, text, 2), svg: (x) => text(x, LONG), sides: (x) => list(x, (y) => text(y, LONG), 2),
    boxes: maybe(boxes), first: (x) => list(x, text, 2), alike: flag, said: (x) => list(x, text, 20), tables: (x) => list(x, LINES, 10) }),
  graph: shape({ svg: (x) => text(x, LONG) }),
  stepper: shape({ data: trace }),
  steps: shape({ lines: (x) => list(x, text), more: number }),
  check: shape({ said: text, ok: flag, head: (x) => list(x, text, 20), rows: (x) => list(x, (row) => list(row, text, 20)), note: maybe(text) }),
  train: shape({ said: text, data: (x) => data(x) && maybe(trace)(x.picture?.trace ?? x.picture) }),
};
const view = (x) => shape({ kind: text })(x) && ((text(x.nothing) && maybe(ways)(x.ways)) || (Object.hasOwn(VIEWS, x.kind) && VIEWS[x.kind](x)));
const error = shape({ line: number, message: text, kind: text, traceback: (x) => text(x, 1_000_000) });

const MESSAGES = {
  ready: shape({ snapshot: flag }),
  failed: shape({ message: text }),
  out: shape({ id: number, text: (x) => text(x, 300_000) }),
  done: shape({ id: number, dropped: number, view: maybe(view),
    told: (x) => shape({ ok: flag, error: maybe(error) })(x) && (x.ok || x.error) }),
  view: shape({ id: number, view }),
};

// The message, or null where it is none of ours.
export function admit(message) {
  try {
    return message && Object.hasOwn(MESSAGES, message.type) && MESSAGES[message.type](message) ? message : null;
  } catch {
    return null;
  }
}

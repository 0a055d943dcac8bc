// Written by python -m micrograd.telling from micrograd/compiler/braces/columns.py, as exported programs are.

function modulo(x, y) { // the sign is y's
    const r = x % y, s = r !== 0 && (r < 0) !== (y < 0) ? r + y : r;
    return s === 0 ? (y < 0 || Object.is(y, -0) ? -0 : 0) : s;
}

function rint(x) { // of two as near the even one
    if (!(Math.abs(x) < 4503599627370496)) return x;
    const whole = Math.abs(x) + 4503599627370496 - 4503599627370496;
    return x < 0 || Object.is(x, -0) ? -whole : whole;
}

const power = (x, p) => x === 1 || (x === -1 && (p === Infinity || p === -Infinity)) ? 1 : Math.pow(x, p);

function gauss(x, k) { // exp(-k x^2): x^2 is split exactly so that the tail keeps its digits
    if (!(Math.abs(x) < 1e3)) return x === x ? 0 : x;
    const up = 134217729 * x, high = up - (up - x), low = x - high, square = x * x;
    const error = ((high * high - square) + 2 * high * low) + low * low, rounded = Math.exp(-k * square);
    return rounded - rounded * (k * error);
}

function erf(x) { // by its series near 0, by a continued fraction of erfc further out
    const z = Math.abs(x);
    if (z !== z) return x;
    if (z < 1.25) {
        let term = z, sum = z, lost = 0;
        for (let n = 1; n < 100 && term > 1e-18 * sum; n++) {
            term *= 2 * z * z / (2 * n + 1);
            const more = sum + term;
            lost += (sum - more) + term;
            sum = more;
        }
        return Math.sign(x) * 1.1283791670955126 * (gauss(z, 1) * (sum + lost)) || x;
    }
    if (z > 6) return Math.sign(x);
    let f = z;
    for (let n = 120; n > 0; n--) f = z + (n / 2) / f;
    return Math.sign(x) * (1 - gauss(z, 1) / (f * 1.772453850905516));
}

export const PRIMITIVES = {
  add: (a, b) => (a + b),
  sub: (a, b) => (a - b),
  mul: (a, b) => (a * b),
  div: (a, b) => (a / b),
  neg: (a) => (-a),
  relu: (a) => Math.max(a, 0),
  maximum: (a, b) => Math.max(a, b),
  minimum: (a, b) => Math.min(a, b),
  mod: (a, b) => modulo(a, b),
  gauss: (a, b) => gauss(a, b),
  power: (a, b) => power(a, b),
  pow: (a, b) => power(a, b),
  log: (a) => Math.log(a),
  log1p: (a) => Math.log1p(a),
  log2: (a) => Math.log2(a),
  log10: (a) => Math.log10(a),
  sqrt: (a) => Math.sqrt(a),
  sin: (a) => Math.sin(a),
  cos: (a) => Math.cos(a),
  tan: (a) => Math.tan(a),
  asin: (a) => Math.asin(a),
  acos: (a) => Math.acos(a),
  atan: (a) => Math.atan(a),
  sinh: (a) => Math.sinh(a),
  cosh: (a) => Math.cosh(a),
  asinh: (a) => Math.asinh(a),
  acosh: (a) => Math.acosh(a),
  atanh: (a) => Math.atanh(a),
  floor: (a) => Math.floor(a),
  ceil: (a) => Math.ceil(a),
  trunc: (a) => Math.trunc(a),
  exp: (a) => Math.exp(a),
  expm1: (a) => Math.expm1(a),
  tanh: (a) => Math.tanh(a),
  less: (a, b) => +(a < b),
  equal: (a, b) => +(a === b),
  where: (a, b, c) => ((a) !== 0 ? b : c),
  abs: (a) => Math.abs(a),
  exp2: (a) => power(2, a),
  round: (a) => rint(a),
  atan2: (a, b) => Math.atan2(a, b),
  hypot: (a, b) => Math.hypot(a, b),
  erf: (a) => erf(a),
  cbrt: (a) => Math.cbrt(a),
};

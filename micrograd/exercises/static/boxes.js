// Boxes for the numbers of an exercise, in a page without Python. What is right comes as hashes of the numbers that are near enough,
// so that it does not stand there to be read; who wants to can try numbers until one fits.

// SHA-256 (FIPS 180-4) of a text, in hexadecimal: pages from a file may have no crypto.subtle.
const primes = [];
for (let n = 2; primes.length < 64; n++) if (primes.every((p) => n % p)) primes.push(n);
const bits = (x) => ((x - Math.floor(x)) * 2 ** 32) | 0;
const START = primes.slice(0, 8).map((p) => bits(Math.sqrt(p)));
const ROUNDS = primes.map((p) => bits(Math.cbrt(p)));
const turn = (x, n) => (x >>> n) | (x << (32 - n));

export function sha256(text) {
  const bytes = [...new TextEncoder().encode(text)];
  const length = bytes.length * 8;
  bytes.push(0x80);
  while (bytes.length % 64 !== 56) bytes.push(0);
  for (let k = 7; k >= 0; k--) bytes.push(Math.floor(length / 2 ** (8 * k)) & 255);
  const h = [...START];
  for (let at = 0; at < bytes.length; at += 64) {
    const w = [];
    for (let k = 0; k < 64; k++) {
      if (k < 16) {
        const i = at + 4 * k;
        w.push((bytes[i] << 24) | (bytes[i + 1] << 16) | (bytes[i + 2] << 8) | bytes[i + 3]);
      } else {
        const s0 = turn(w[k - 15], 7) ^ turn(w[k - 15], 18) ^ (w[k - 15] >>> 3);
        const s1 = turn(w[k - 2], 17) ^ turn(w[k - 2], 19) ^ (w[k - 2] >>> 10);
        w.push((w[k - 16] + s0 + w[k - 7] + s1) | 0);
      }
    }
    let [a, b, c, d, e, f, g, z] = h;
    for (let k = 0; k < 64; k++) {
      const t1 = (z + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + ROUNDS[k] + w[k]) | 0;
      const t2 = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [a, b, c, d, e, f, g, z] = [(t1 + t2) | 0, a, b, c, (d + t1) | 0, e, f, g];
    }
    [a, b, c, d, e, f, g, z].forEach((x, k) => { h[k] = (h[k] + x) | 0; });
  }
  return h.map((x) => (x >>> 0).toString(16).padStart(8, "0")).join("");
}

// "−2", "1/3", "2*-3", "0,5" → number; undefined where it is none.
export function parse(text) {
  const plain = text.trim().replaceAll("−", "-").replaceAll("·", "*").replace(/(\d),(\d)/g, "$1.$2");
  const number = "[-+]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][-+]?\\d+)?";
  const match = plain.match(new RegExp(`^\\(?(${number})\\)?(?:\\s*([*/])\\s*\\(?(${number})\\)?)?$`));
  if (!match) return undefined;
  const [a, b] = [Number(match[1]), Number(match[3])];
  return match[2] === "*" ? a * b : match[2] === "/" ? a / b : a;
}

// A number to so many significant digits, written in one way: "-1230e-4".
export function canonical(x, digits) {
  if (x === 0 || !Number.isFinite(x)) return String(x === 0 ? 0 : x);
  const [mantissa, power] = x.toExponential(digits - 1).split("e");
  return `${mantissa.replace(".", "")}e${Number(power) - digits + 1}`;
}

// What is said to an answer: {right, said}. blank: {digits, yes: [hash], known: {hash: index of a sentence}}.
export function judge(text, blank, salt, sentences) {
  const x = parse(text);
  if (x === undefined || !Number.isFinite(x)) return { right: false, said: "A number is needed, such as −2, 0.5 or 1/3." };
  const hash = (digits) => sha256(`${salt}\0${canonical(x, digits)}`).slice(0, 16);
  const fine = hash(blank.digits + 1);
  if (blank.yes.includes(fine)) return { right: true, said: "Right." };
  const known = blank.known[hash(blank.digits)];
  return { right: false, said: known === undefined ? "That is not it." : sentences[known] };
}

const make = (tag, style, text = "") => Object.assign(document.createElement(tag), { style, textContent: text });

export function mount(host) {
  const told = JSON.parse(host.dataset.mgBoxes);
  let tries = 0;
  const hint = make("div", "opacity:.85;margin-top:.3em");
  hint.setAttribute("role", "status");
  for (const blank of told.blanks) {
    const row = make("div", "margin:.3em 0");
    const box = make("input", "font:inherit;width:8em;margin:0 .5em;padding:.1em .3em;color:inherit;background:transparent;border:1px solid #8888");
    box.type = "text";
    box.setAttribute("aria-label", blank.label);
    const button = make("button", "font:inherit", "check");
    button.type = "button";
    const said = make("span", "margin-left:.7em");
    said.setAttribute("role", "status");
    const look = () => {
      if (!box.value.trim()) return;
      const { right, said: text } = judge(box.value, blank, `${told.salt}\0${blank.name}`, told.sentences);
      said.textContent = `${right ? "✓" : "✗"} ${text}`;
      if (!right) hint.textContent = `hint ${Math.min(++tries, 3)}: ${told.hints[Math.min(tries, 3) - 1]}`;
    };
    button.addEventListener("click", look);
    box.addEventListener("keydown", (event) => {
      event.stopPropagation(); // a notebook has commands on single keys
      if (event.key === "Enter") look();
    });
    row.append(make("label", "font-family:ui-monospace,monospace", `${blank.label} =`), box, button, said);
    host.append(row);
  }
  host.append(hint);
}

if (typeof document !== "undefined") {
  for (const host of document.querySelectorAll("[data-mg-boxes]:not([data-mounted])")) {
    host.dataset.mounted = "";
    mount(host);
  }
}

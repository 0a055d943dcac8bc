// Files in and out: a .py is dropped in; saved are the program, a page of the stepper, the drawing, a notebook.

const escape = (text) => String(text).replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);

export function save(name, text, type) {
  const to = document.createElement("a");
  to.href = URL.createObjectURL(new Blob([text], { type }));
  to.download = name;
  to.click();
  setTimeout(() => URL.revokeObjectURL(to.href), 10_000);
}

async function digest(text) {
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return `'sha256-${btoa(String.fromCharCode(...sum))}'`;
}

// One page with this stepper alone: it opens offline and allows no other script or style sheet than its own (and the empty one that the
// stepper puts in, for its sheet stands in the head).
export async function page(title, script, css, data) {
  const safe = JSON.stringify(data).replace(/</g, "\\u003c").replace(/\u2028/g, "\\u2028");
  const body = `\n${script.replace(/<\//g, "<\\/").replace(/<!-{2}/g, "<\\!--")}\nstepper.mount(document.querySelector("main"), JSON.parse(document.querySelector("[type='application/json']").textContent), {});\n`;
  const rules = `script-src ${await digest(body)}; style-src ${await digest(css)} ${await digest("")}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; ${rules}; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<style>${css}</style>
</head>
<body>
<main></main>
<script type="application/json">${safe}<\/script>
<script type="module">${body}<\/script>
</body>
</html>
`;
}

export function notebook(code) {
  const lines = code.split("\n").map((line, i, all) => (i < all.length - 1 ? `${line}\n` : line)).filter(Boolean);
  return JSON.stringify({
    cells: [{ cell_type: "code", execution_count: null, id: "program", metadata: {}, outputs: [], source: lines }],
    metadata: { kernelspec: { display_name: "Python 3", language: "python", name: "python3" }, language_info: { name: "python" } },
    nbformat: 4, nbformat_minor: 5,
  }, null, 1);
}

const MOST = 2_000_000;

// The program in a file: Python, or the code cells of a notebook.
export async function read(file) {
  if (file.size > MOST) throw new Error(`${file.name} is too long for the editor (${Math.round(file.size / 1e6)} MB).`);
  const text = await file.text();
  if (!/\.ipynb$/i.test(file.name)) return text.replace(/\r\n?/g, "\n");
  try {
    const cells = JSON.parse(text).cells.filter((cell) => cell.cell_type === "code");
    return `${cells.map((cell) => [].concat(cell.source).join("").trimEnd()).join("\n\n")}\n`;
  } catch {
    throw new Error(`${file.name} is no notebook.`);
  }
}

export function dropped(el, take) {
  el.addEventListener("dragover", (event) => event.preventDefault());
  el.addEventListener("drop", (event) => {
    const [file] = event.dataTransfer?.files ?? [];
    if (!file) return;
    event.preventDefault();
    take(file);
  }, true);
}

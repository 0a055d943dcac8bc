// The worker: Python, kept away from the page. Before this text stand Pyodide's two modules and wasm_machine.js (page.py puts them together),
// so that nothing is imported here. The page sends { type: "start", counts }, { type: "piece", part, piece } for each of them,
// then { type: "run", id, source, limit, want, wish, pressed } and { type: "view", id, kind, wish, limit }.

const MEMORY = 512 * 2 ** 20; // bytes that a program may have
const SAID = 200_000; // characters of output of one run that are shown
const GRACE = 100; // milliseconds between two interrupts of a program that catches them

let python, inside, deadline = Infinity, current = 0;

const grow = WebAssembly.Memory.prototype.grow;
WebAssembly.Memory.prototype.grow = function (pages) {
  if (this.buffer.byteLength + pages * 65536 > MEMORY) throw new RangeError("no more memory for this page"); // Python says MemoryError
  return grow.call(this, pages);
};

const fromBase64 = Uint8Array.fromBase64 ?? ((text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)));

// A part whose pieces come one by one: base64 of gzip, unpacked as they come, or bytes as they are.
class Part {
  constructor(count) {
    this.left = count;
    this.bytes = new Promise((done, failed) => { this.done = done; this.failed = failed; });
  }

  take(piece) {
    if (typeof piece !== "string") return this.done(piece);
    if (!this.stream) {
      const packed = new ReadableStream({ start: (stream) => { this.stream = stream; } });
      const whole = new Response(packed.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
      whole.then((made) => this.done(new Uint8Array(made)), this.failed);
    }
    this.stream.enqueue(fromBase64.call(Uint8Array, piece));
    if (!--this.left) this.stream.close();
  }
}

let parts = {};

// ------------------------------------------------------------ what Python prints

let said = "", count = 0, sent = 0;
const decoders = { out: new TextDecoder(), err: new TextDecoder() };

const writer = (name) => ({
  write(bytes) {
    const text = decoders[name].decode(bytes, { stream: true });
    count += text.length;
    if (count - text.length < SAID) said += text.slice(0, Math.max(0, SAID - (count - text.length)));
    if (said.length > 20_000 || performance.now() - sent > 100) flush();
    return bytes.length;
  },
});

function flush() {
  sent = performance.now();
  if (said) postMessage({ type: "out", id: current, text: said });
  said = "";
}

// ------------------------------------------------------------ start, run, view

async function start(counts) {
  parts = Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, new Part(count)]));
  const compiled = parts.wasm.bytes.then((bytes) => WebAssembly.compile(bytes)); // while the others still come
  const found = Object.fromEntries(await Promise.all(Object.entries(parts).map(async ([name, part]) => [name, name === "wasm" ? await compiled : await part.bytes])));
  const files = JSON.parse(new TextDecoder().decode(found.carried));
  const asked = self.fetch;
  self.fetch = async (url) => new Response(`${url}`.endsWith(".zip") ? found.stdlib : null); // Pyodide asks for its parts: here they are
  WebAssembly.instantiateStreaming = async (_, imports) => ({ module: found.wasm, instance: await WebAssembly.instantiate(found.wasm, imports) });
  const place = (FS) => {
    for (const [path, text] of Object.entries(files)) {
      FS.mkdirTree(`/lab/${path}`.replace(/\/[^/]*$/, ""));
      FS.writeFile(`/lab/${path}`, text);
    }
  };
  const options = () => ({
    indexURL: "file:///lab/", lockFileContents: LOCK, createPyodideModule: _createPyodideModule, fsInit: place, stdin: () => null,
  });
  try {
    python = await loadPyodide({ ...options(), ...(found.snapshot ? { _loadSnapshot: found.snapshot } : {}) });
  } catch (error) {
    if (!found.snapshot) throw error;
    python = await loadPyodide(options()); // the snapshot is of another engine's liking: a plain start
    found.snapshot = null;
  }
  self.fetch = asked;
  self.micrograd_machine = wasm_machine.make; // for micrograd.compile
  if (!found.snapshot) python.runPython("import sys; sys.path.append('/lab')");
  python.setStdout(writer("out"));
  python.setStderr(writer("err"));
  inside = python.runPython("from micrograd.lab import inside; inside.start(); inside");
  python.setInterruptBuffer({ // an object in place of shared memory: it is asked every few instructions
    get 0() { return performance.now() > deadline ? 2 : 0; },
    set 0(_) { if (performance.now() > deadline) deadline = performance.now() + GRACE; }, // it was heard
  });
  postMessage({ type: "ready", snapshot: !!found.snapshot });
}

function limited(milliseconds, action) {
  deadline = performance.now() + milliseconds;
  try {
    return JSON.parse(action());
  } catch (error) { // an interrupt in the last moment
    if (error.name !== "PythonError") throw error; // Python itself is dead: of a stack that was full, say
    return { kind: "", nothing: "stopped: the time limit was over", ok: false,
      error: { line: 0, message: "stopped: the time limit was over", kind: "KeyboardInterrupt", traceback: `${error.message ?? error}`.slice(0, 4000) } };
  } finally {
    deadline = Infinity;
  }
}

const VIEWING = 20_000; // milliseconds for the view that comes with a run

const seen = (kind, wish) => inside.view(kind, JSON.stringify(wish ?? null));

function run({ id, source, limit, want, wish, pressed }) {
  current = id;
  count = 0;
  const told = limited(limit, () => inside.run(source, wish?.kept ?? "", !!pressed));
  flush();
  const made = { type: "done", id, told, dropped: Math.max(0, count - SAID) };
  if (told.ok && want) made.view = limited(VIEWING, () => seen(want, wish));
  flush();
  postMessage(made);
}

onmessage = ({ data }) => {
  if (data.type === "piece") parts[data.part].take(data.piece);
  if (data.type === "start") start(data.counts).catch((error) => postMessage({ type: "failed", message: `${error.message ?? error}`.slice(0, 2000) }));
  if (data.type === "run") run(data);
  if (data.type === "view") postMessage({ type: "view", id: data.id, view: limited(data.limit, () => seen(data.kind, data.wish)) });
};

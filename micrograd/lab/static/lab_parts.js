// The heavy parts: blocks of base64 in this file, gzipped, each taken as soon as the browser has read it; or, in a small page, files of an
// address that it names, each with its digest.

const SIZE = 0x8000;

function toBase64(bytes) {
  if (bytes.toBase64) return bytes.toBase64();
  let text = "";
  for (let at = 0; at < bytes.length; at += SIZE) text += String.fromCharCode(...bytes.subarray(at, at + SIZE));
  return btoa(text);
}

async function workerFrom(pieces) {
  const packed = new Blob(pieces.map((piece) => Uint8Array.fromBase64?.(piece) ?? Uint8Array.from(atob(piece), (c) => c.charCodeAt(0))));
  const bytes = new Uint8Array(await new Response(packed.stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer());
  await pause(); // what follows takes some time too
  return `data:text/javascript;base64,${toBase64(bytes)}`; // a worker of a data: address has an origin of its own
}

// The end of this task, so that what waits comes first.
const pause = () => new Promise((done) => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => { port1.close(); done(); };
  port2.postMessage(0);
});

export class Parts {
  // counts: { part: so many pieces }; online: { address, sums: { part: [file, SHA-256 in base64] } }
  constructor(counts, online) {
    const { worker, ...others } = counts;
    this.counts = { ...others, ...Object.fromEntries(Object.keys(online?.sums ?? {}).map((part) => [part, 1])) };
    this.held = []; // [part, piece] as they came
    this.missing = Object.values(this.counts).reduce((sum, count) => sum + count, 0);
    this.url = new Promise((done, failed) => { // of the worker; the first part in the file
      const pieces = [];
      this.script = (piece) => { if (pieces.push(piece) === worker) workerFrom(pieces).then(done, failed); };
      this.failed = failed;
    });
    this.collect();
    if (online) this.fetch(online).catch((error) => { this.failed(error); this.broken = error; this.wake?.(); });
  }

  // The blocks that the browser has read whole: all but the last one, until the file is at its end.
  collect() {
    const take = (all) => {
      const blocks = [...document.querySelectorAll("script.lab-part")];
      for (const block of all ? blocks : blocks.slice(0, -1)) {
        this.put(block.dataset.part, block.textContent);
        block.remove();
      }
    };
    const watch = new MutationObserver(() => take(false));
    const end = () => { watch.disconnect(); take(true); };
    if (document.readyState !== "loading") return end();
    watch.observe(document.body, { childList: true });
    addEventListener("DOMContentLoaded", end, { once: true });
    take(false);
  }

  put(part, piece) {
    if (part === "worker") return this.script(piece);
    this.held.push([part, piece]);
    this.missing--;
    this.wake?.();
  }

  async fetch({ address, sums }) {
    await Promise.all(Object.entries(sums).map(async ([part, [file, sum]]) => {
      const url = `${address}${file}`;
      const answer = await fetch(url, { credentials: "omit", referrerPolicy: "no-referrer" }).catch((error) => {
        throw new Error(`${url} cannot be reached (${error.message}): is there a network, and does the address allow other pages to read it?`);
      });
      if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
      const bytes = await answer.arrayBuffer();
      const found = toBase64(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
      if (found !== sum) throw new Error(`${url} is another file than this page was made for`);
      this.put(part, new Uint8Array(bytes));
    }));
  }

  // Every piece, one a task, to a worker that was just made; those that come later as they come. An Error where they do not come.
  async feed(hear, gone) {
    for (let at = 0; !gone(); ) {
      if (this.broken) throw this.broken;
      if (at < this.held.length) {
        hear(...this.held[at++]);
        await pause();
      } else if (!this.missing) return;
      else await this.more();
    }
  }

  more() {
    this.coming ??= new Promise((done) => { this.wake = () => { this.coming = this.wake = null; done(); }; });
    return this.coming;
  }
}

// The heavy parts: blocks of base64 in this file, gzipped; or, in a small page, files of an address that it names, each with its digest.

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
  return `data:text/javascript;base64,${toBase64(bytes)}`; // a worker of a data: address has an origin of its own
}

export async function heldParts() {
  const found = {};
  for (const block of document.querySelectorAll("script.lab-part")) {
    (found[block.dataset.part] ??= []).push(block.textContent);
    block.remove();
  }
  const { worker, ...parts } = found;
  return { url: await workerFrom(worker), parts };
}

// online: { address, sums: { part: [file, SHA-256 in base64] } }
export async function fetchParts({ address, sums }) {
  const { url, parts } = await heldParts();
  await Promise.all(Object.entries(sums).map(async ([part, [file, sum]]) => {
    const answer = await fetch(`${address}${file}`, { credentials: "omit", referrerPolicy: "no-referrer" });
    if (!answer.ok) throw new Error(`${address}${file} answered ${answer.status}`);
    const bytes = await answer.arrayBuffer();
    const found = toBase64(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
    if (found !== sum) throw new Error(`${address}${file} is another file than this page was made for`);
    parts[part] = new Uint8Array(bytes);
  }));
  return { url, parts };
}

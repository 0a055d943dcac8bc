// The program and what is seen of it in an address: `#lab=…&step=9&tab=stepper`. Nothing is sent anywhere: a fragment stays in the browser.

const MOST = 2_000_000; // characters of a program out of a link

const base64 = (bytes) => btoa(Array.from(bytes, (x) => String.fromCharCode(x)).join("")).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const bytesOf = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const through = async (bytes, stream) => new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());

// { code, tab, step, state } as a fragment.
export async function packed({ code, tab, step, state }) {
  const text = JSON.stringify({ code, state });
  const bytes = await through(new TextEncoder().encode(text), new CompressionStream("deflate-raw"));
  return `#lab=${base64(bytes)}${step === undefined ? "" : `&step=${step}`}${tab ? `&tab=${tab}` : ""}`;
}

// What a fragment says, or null where it says nothing; an Error with a sentence where it cannot be read.
export async function unpacked(fragment) {
  const words = new URLSearchParams(fragment.replace(/^#/, ""));
  if (!words.has("lab") && !words.has("step") && !words.has("tab")) return null;
  const found = { tab: words.get("tab") ?? undefined };
  if (/^\d{1,9}$/.test(words.get("step") ?? "")) found.step = Number(words.get("step"));
  if (!words.has("lab")) return found;
  try {
    const stream = new Blob([bytesOf(words.get("lab"))]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
    const pieces = [];
    for (let size = 0, piece; !(piece = await stream.read()).done;) {
      if ((size += piece.value.length) > MOST) throw new Error("too long");
      pieces.push(piece.value);
    }
    const { code, state } = JSON.parse(await new Blob(pieces).text());
    if (typeof code !== "string") throw new Error("no program");
    return { ...found, code, state: state && typeof state === "object" ? state : {} };
  } catch {
    throw new Error("This link is damaged: the program in it cannot be read. Ask for it again, or for the file.");
  }
}

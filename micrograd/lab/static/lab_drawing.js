// A drawing that came as text from the worker: only shapes and words of it are made, each of them anew.

const SHAPES = new Set(["svg", "g", "title", "rect", "ellipse", "circle", "path", "line", "polygon", "polyline", "text", "tspan"]);
const SAID = new Set([
  "class", "role", "aria-label", "width", "height", "viewBox", "d", "points", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "rx", "ry", "dx", "dy",
  "fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "stroke-opacity", "opacity",
  "font-family", "font-size", "font-weight", "font-style", "text-anchor", "direction", "dominant-baseline", "transform",
]);
const SPACE = "http://www.w3.org/2000/svg";

const IDS = /^(?:[ab]-)?(?:[nf]\d+(?:-op|-stem)?|e-[nf\d-]+|frame-?\d+)$/; // what our drawings call their parts

// ids: whether the parts keep theirs (one drawing on the page may).
export function drawn(text, ids = false) {
  if (/<[^>]*\son\w+\s*=/i.test(text)) return null; // none of ours has a handler
  const read = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  return read.localName === "svg" && read.namespaceURI === SPACE ? again(read, ids) : null;
}

export function again(old, ids = false) {
  const made = document.createElementNS(SPACE, old.localName);
  for (const { name, value } of old.attributes) {
    if (ids && ((name === "id" && IDS.test(value)) || (name === "data-box" && /^\d+$/.test(value)))) made.setAttribute(name, value);
    if (SAID.has(name) && !/url\s*\(|javascript:|\blab-/i.test(value)) made.setAttribute(name, value);
  }
  for (const part of old.childNodes) {
    if (part.nodeType === Node.TEXT_NODE) made.append(part.data);
    else if (part.nodeType === Node.ELEMENT_NODE && part.namespaceURI === SPACE && SHAPES.has(part.localName)) made.append(again(part, ids));
  }
  return made;
}

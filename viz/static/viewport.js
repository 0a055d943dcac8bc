// Find your way in a picture: drag, wheel, pinch and keys move and zoom an SVG inside its holder.
// While it moves, only a CSS transform changes, which costs no layout and no painting; when it rests it is drawn anew, sharp.
// The page's own scrolling is not taken: the wheel zooms with Ctrl or ⌘, or where the picture is at work (clicked, focused); one finger
// scrolls the page until the picture was tapped, two always zoom.

const REST = 140, MOST = 8, NEAR = 48; // ms without a move until it is drawn sharp; largest scale; px of the drawing that stay in view

const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// options: on(view) hears every move; first: the least scale to begin with; limits(): the least and the largest scale.
export class Viewport {
  constructor(holder, drawing, options = {}) {
    Object.assign(this, { holder, options, x: 0, y: 0, k: 1, fitted: "home", cost: 0 });
    holder.classList.add("mg-view");
    this.hint = document.createElement("div");
    this.hint.className = "mg-how";
    this.hint.setAttribute("aria-hidden", "true");
    holder.append(this.hint);
    this.pointers = new Map();
    this.off = new AbortController();
    this.listen();
    this.sizes = new ResizeObserver(() => this.resized());
    this.sizes.observe(holder);
    if (drawing) this.take(drawing);
  }

  // Show another drawing; where it stood is kept unless it was fitted.
  take(drawing) {
    const box = drawing.viewBox.baseVal, unit = /pt$/.test(drawing.getAttribute("width") || "") ? 4 / 3 : 1;
    this.drawing = drawing;
    this.width = box.width * unit;
    this.height = box.height * unit;
    this.unit = unit;
    this.sharp = null;
    drawing.classList.add("mg-moved");
    if (this.fitted) this[this.fitted]();
    else this.move();
    this.draw();
  }

  // ------------------------------------------------------------ where it is

  get room() { return [this.holder.clientWidth || 900, this.holder.clientHeight || 500]; }

  whole() {
    const [w, h] = this.room;
    return Math.min(1, w / this.width, h / this.height);
  }

  // As at first: whole, as far as its letters stay readable; then its beginning.
  home() {
    const [w, h] = this.room, k = Math.max(this.whole(), this.options.first || 0);
    this.set(Math.max(0, (w - this.width * k) / 2), Math.max(0, (h - this.height * k) / 2), k, "home");
  }

  fit() {
    const [w, h] = this.room, k = this.whole();
    this.glide(() => this.set((w - this.width * k) / 2, (h - this.height * k) / 2, k, "fit"));
  }

  // Zoom by a factor; the point (px in the holder) stays where it is, the middle where none is given.
  zoom(by, [px, py] = this.room.map((size) => size / 2)) {
    const [least, most] = this.options.limits?.() || [Math.min(this.whole(), 0.3), MOST];
    const k = Math.max(least, Math.min(most, this.k * by)), q = k / this.k;
    this.set(px - (px - this.x) * q, py - (py - this.y) * q, k);
  }

  pan(dx, dy) { this.set(this.x + dx, this.y + dy, this.k); }

  // Bring a rectangle (in the drawing's own units) into view; nothing moves where it is in view already. middle: as what was looked for,
  // at a readable size.
  show({ x, y, width, height }, middle = false) {
    const near = middle ? Math.max(this.k, this.options.first || 0) : this.k, k = near * this.unit, [w, h] = this.room, pad = 16;
    const inside = (at, room, all) => Math.max(Math.min(0, room - all), Math.min(Math.max(0, room - all), at)); // with no empty side
    const along = (from, size, at, room, all) => {
      const low = from * k + at - pad, high = (from + size) * k + at + pad;
      if (!middle && low >= 0 && high <= room) return at;
      return inside(high - low > room ? at - low : at + (room - low - high) / 2, room, all * near);
    };
    const to = [along(x, width, this.x, w, this.width), along(y, height, this.y, h, this.height)];
    if (to[0] !== this.x || to[1] !== this.y || near !== this.k) this.glide(() => this.set(...to, near));
  }

  glide(change) {
    if (!calm()) {
      this.drawing.classList.add("mg-glide");
      clearTimeout(this.gliding);
      this.gliding = setTimeout(() => this.drawing.classList.remove("mg-glide"), 220);
    }
    change();
  }

  get state() { return this.fitted || { x: this.x, y: this.y, k: this.k }; }

  set state(at) {
    if (typeof at === "string") this[at]();
    else this.set(at.x, at.y, at.k);
  }

  // ------------------------------------------------------------ moving

  // fitted: "home" or "fit" where it is to be so whatever becomes of the room.
  set(x, y, k, fitted = "") {
    Object.assign(this, { x, y, k, fitted });
    this.move();
  }

  // Some of the drawing stays in view, whatever was asked.
  move() {
    const [w, h] = this.room, [wide, high] = [this.width * this.k, this.height * this.k];
    const kept = (at, size, room) => Math.max(Math.min(NEAR, room / 2) - size, Math.min(room - Math.min(NEAR, room / 2), at));
    this.x = kept(this.x, wide, w);
    this.y = kept(this.y, high, h);
    this.place();
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.draw(), Math.max(REST, Math.min(1000, 2 * this.cost)));
    this.options.on?.(this);
  }

  place() { this.drawing.style.transform = `translate(${this.x}px,${this.y}px) scale(${this.k / (this.drawn || this.k)})`; }

  // Draw it at the scale it has.
  draw() {
    if (this.drawn !== this.k || this.sharp !== this.drawing) {
      const begun = performance.now(); // a large one is slow to draw: it waits longer for the next time
      requestAnimationFrame(() => requestAnimationFrame(() => { this.cost = performance.now() - begun; }));
      this.drawing.style.width = `${this.width * this.k}px`;
      this.drawing.style.height = `${this.height * this.k}px`;
      this.drawn = this.k;
      this.sharp = this.drawing;
      this.drawing.classList.remove("mg-glide");
    }
    this.x = Math.round(this.x);
    this.y = Math.round(this.y);
    this.place();
  }

  resized() {
    if (!this.drawing) return;
    if (this.fitted) { this[this.fitted](); this.draw(); } else this.move();
  }

  // ------------------------------------------------------------ wheel and pointers

  // Is the picture at work, so that the wheel alone zooms and one finger moves it?
  get active() { return this.holder.classList.contains("mg-work") || document.activeElement === this.holder; }

  at(event) {
    const box = this.holder.getBoundingClientRect();
    return [event.clientX - box.left - this.holder.clientLeft, event.clientY - box.top - this.holder.clientTop];
  }

  say(text) {
    this.hint.textContent = text;
    this.hint.classList.add("on");
    clearTimeout(this.said);
    this.said = setTimeout(() => this.hint.classList.remove("on"), 1600);
  }

  listen() {
    const { holder } = this, on = (type, act, options) => holder.addEventListener(type, act, { signal: this.off.signal, ...options });
    on("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey && !this.active) {
        if (Math.abs(event.deltaY) > Math.abs(event.deltaX)) this.say(`${/Mac|iP/.test(navigator.platform) ? "⌘" : "Ctrl"} + wheel zooms; after a click the wheel alone`);
        return;
      }
      event.preventDefault();
      const lines = [1, 16, 400][event.deltaMode] * event.deltaY;
      this.zoom(Math.exp(-Math.max(-240, Math.min(240, lines)) * (event.ctrlKey && Math.abs(lines) < 50 ? 0.01 : 0.002)), this.at(event));
    }, { passive: false });
    document.addEventListener("pointerdown", (event) => holder.classList.toggle("mg-work", holder.contains(event.target)),
      { signal: this.off.signal, capture: true });
    on("pointerdown", (event) => {
      if (event.button || event.target.closest("button,input,a")) return;
      if (!this.pointers.size) this.dragged = false;
      this.pointers.set(event.pointerId, this.at(event));
    });
    on("pointermove", (event) => this.drag(event));
    for (const type of ["pointerup", "pointercancel", "lostpointercapture"]) on(type, (event) => this.release(event));
    on("click", (event) => { // a drag ends with a click that nobody meant
      if (this.dragged) { event.stopPropagation(); event.preventDefault(); }
      this.dragged = false;
    }, { capture: true });
    on("dragstart", (event) => event.preventDefault());
  }

  drag(event) {
    const { pointers } = this, from = pointers.get(event.pointerId);
    if (!from) return;
    const to = this.at(event), others = [...pointers].filter(([id]) => id !== event.pointerId);
    if (!others.length) {
      if (!this.dragged && Math.hypot(to[0] - from[0], to[1] - from[1]) < 5) return;
      this.begin(event);
      this.pan(to[0] - from[0], to[1] - from[1]);
    } else {
      this.begin(event);
      const other = others[0][1], far = (p) => Math.max(12, Math.hypot(p[0] - other[0], p[1] - other[1]));
      this.pan((to[0] - from[0]) / 2, (to[1] - from[1]) / 2);
      this.zoom(far(to) / far(from), [(to[0] + other[0]) / 2, (to[1] + other[1]) / 2]);
    }
    pointers.set(event.pointerId, to);
  }

  begin(event) {
    if (!this.dragged) this.holder.classList.add("mg-dragging");
    this.dragged = true;
    if (!this.holder.hasPointerCapture(event.pointerId)) this.holder.setPointerCapture(event.pointerId);
  }

  release(event) {
    if (event.type === "lostpointercapture" && event.target !== this.holder) return; // a finger's own node, when the holder takes it over
    if (!this.pointers.delete(event.pointerId) || this.pointers.size) return;
    this.holder.classList.remove("mg-dragging");
    if (this.dragged && event.type !== "pointerup") this.dragged = false;
  }

  destroy() {
    this.off.abort();
    this.sizes.disconnect();
    clearTimeout(this.resting);
    this.hint.remove();
  }
}

// The keys that move and zoom: whether this event was one of them.
export function key(view, event, plain = false) {
  const step = 60, arrows = { ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  if (arrows[event.key] && (event.shiftKey || plain)) view.pan(...arrows[event.key]);
  else if (event.key === "+" || event.key === "=") view.zoom(1.25);
  else if (event.key === "-") view.zoom(0.8);
  else if (event.key === "0") view.fit();
  else return false;
  return true;
}

// − + and fit, for those who have no wheel.
export function buttons(view, button) {
  return [
    button("−", "Zoom out", "-", () => view.zoom(0.8)), button("+", "Zoom in", "+", () => view.zoom(1.25)),
    button("Fit", "Fit the whole picture", "0", () => view.fit()),
  ];
}

// Python in workers: one that runs, and one that is warm for when the first has to be ended.

import { admit } from "./lab_door.js";

const PATIENCE = 1000; // milliseconds past the limit until a worker that does not listen is ended
const LIMITS = { doctor: 60_000 }; // milliseconds for a view; any other has
const LIMIT = 20_000;
const MANY = 300; // messages of one run; and so many more a second

export class Python {
  // hear: { ready(), out(text), done(result), view(view), ended(why), failed(message) }
  constructor(parts, hear) {
    this.parts = parts; // see lab_parts.js
    this.hear = hear;
    this.count = 0;
    this.busy = null; // { id, started, limit } of what runs
    this.waiting = null; // the run that comes next
    this.live = this.spawn();
  }

  spawn() {
    const made = { ready: false, worker: null, gone: false };
    this.parts.url.then((url) => {
      if (made.gone) return null;
      made.worker = new Worker(url, { type: "module" });
      made.worker.onmessage = ({ data }) => this.message(made, data);
      made.worker.onerror = (event) => { event.preventDefault(); this.lost(made, event.message); };
      made.worker.postMessage({ type: "start", counts: this.parts.counts });
      return this.parts.feed((part, piece) => made.worker.postMessage({ type: "piece", part, piece }), () => made.gone);
    }).catch((error) => this.lost(made, error.message));
    return made;
  }

  lost(made, message) {
    if (made !== this.live) return;
    if (made.ready && this.busy) this.end(`Python itself ended (${(message || "it did not say why").replace(/^Uncaught /, "")})`);
    else this.hear.failed(message || "the worker did not start");
  }

  get ready() { return this.live.ready; }

  message(made, data) {
    if (made.gone) return;
    const found = admit(data);
    if (this.busy && made === this.live && ++this.busy.messages > MANY + (performance.now() - this.busy.started) * 0.05) {
      return this.end("it sent more messages than the page can read");
    }
    if (!found && made === this.live && this.busy) return this.end("it sent a message that is none of the lab's");
    if (!found) return;
    if (found.type === "ready" && !made.ready) {
      made.ready = true;
      if (made !== this.live) return;
      this.hear.ready(found.snapshot);
      this.next();
      clearTimeout(this.later);
      this.later = setTimeout(() => { this.spare ??= this.spawn(); }, 1500);
    }
    if (made !== this.live) return;
    if (found.type === "failed") this.lost(made, found.message);
    if (found.id !== this.busy?.id) return;
    if (found.type === "out") this.hear.out(found.text);
    if (found.type === "done" || found.type === "view") {
      clearTimeout(this.watch);
      const { busy } = this;
      this.busy = null;
      if (found.type === "done") this.hear.done(found, performance.now() - busy.started, busy.request);
      else this.hear.view(found.view);
      this.next();
    }
  }

  // Run, or look at what ran; the newest wish of each kind waits while the worker is busy.
  // wish: of a comparison (lab_compare.js) and of the doctor (lab_doctor.js). A view with a limit of its own is asked for after the run.
  // pressed: somebody asked for the run; else they type.
  run(source, limit, want, wish, pressed) {
    this.waiting = { type: "run", source, limit, want, wish, pressed };
    this.next();
  }

  view(kind, wish) {
    if (this.waiting?.type !== "run") this.waiting = { type: "view", kind, wish, limit: LIMITS[kind] ?? LIMIT };
    else if (!LIMITS[kind]) Object.assign(this.waiting, { want: kind, wish });
    this.next();
  }

  next() {
    const request = this.waiting;
    if (!request || this.busy || !this.live.ready) return;
    this.waiting = null;
    this.busy = { id: ++this.count, started: performance.now(), request, messages: 0 };
    this.live.worker.postMessage({ ...request, id: this.count });
    this.hear.busy?.(request);
    const most = request.limit + (request.type === "run" ? 20_000 : 0) + PATIENCE;
    this.watch = setTimeout(() => this.end(`it did not stop within ${Math.round(request.limit / 1000)} s`), request.type === "run" ? request.limit + PATIENCE : most);
  }

  // End what runs, at once; the warm worker takes over.
  end(why) {
    clearTimeout(this.watch);
    const { busy } = this;
    this.busy = null;
    this.live.gone = true;
    this.live.worker?.terminate();
    this.live = this.spare ?? this.spawn();
    this.spare = null;
    this.hear.ended(why, busy?.request);
    if (this.live.ready) {
      this.hear.ready();
      this.next();
      this.later = setTimeout(() => { this.spare ??= this.spawn(); }, 1500);
    }
  }
}

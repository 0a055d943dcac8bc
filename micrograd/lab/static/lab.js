// The lab: an editor, Python in a worker, and the views of what it ran.

import { Python } from "./lab_python.js";
import { Views, KINDS } from "./lab_views.js";
import { packed, unpacked } from "./lab_share.js";
import { dropped, notebook, page, read, save } from "./lab_files.js";
import { h } from "./stepper_page.js";
import { Parts } from "./lab_parts.js";

const PAUSE = 30, DOCTOR = 500; // milliseconds after the last key; where the doctor is looked at, who takes longer
const TITLES = { graph: "Graph", stepper: "Stepper", steps: "Steps", check: "Check", doctor: "Doctor", compare: "Compare", train: "Train", output: "Output" };
const UNREADABLE = new Set(["SyntaxError", "IndentationError", "TabError"]);
const OUTPUT = 400_000; // characters that the output keeps

const $ = (name) => document.querySelector(`.lab-${name}`);

class Lab {
  constructor(data, make) {
    this.data = data;
    this.ui = Object.fromEntries(["run", "stop", "live", "limit", "example", "share", "save", "file", "said", "held", "tabs", "panels", "editor"]
      .map((name) => [name, $(name)]));
    this.held = false; // a program that came with a link waits for Run
    this.stale = new Set(); // views that show an older run
    this.tabs();
    this.views = new Views(this.panels, (kind) => this.python?.view(kind, this.wish), (line) => this.editor.goto(line));
    this.editor = make(this.ui.editor, { doc: data.program, change: () => this.changed(), run: () => this.run(true) });
    this.ui.editor.querySelector(".cm-content").tabIndex = 0; // it has the focus by Tab anyway: said aloud
    this.prepared = Object.fromEntries(data.prepared.map((view) => [view.kind, view])); // shown when they are looked at
    this.listen();
    this.pick(data.tab);
    this.say("Python is starting …");
  }

  // ------------------------------------------------------------ tabs

  tabs() {
    this.panels = {};
    this.buttons = {};
    for (const kind of [...KINDS, "output"]) {
      const id = `lab-panel-${kind}`;
      this.buttons[kind] = h("button", { type: "button", role: "tab", id: `lab-tab-${kind}`, "aria-controls": id, class: "lab-tab" }, TITLES[kind]);
      this.buttons[kind].onclick = () => this.pick(kind);
      this.panels[kind] = h("div", { role: "tabpanel", id, "aria-labelledby": `lab-tab-${kind}`, class: "lab-panel", tabindex: kind === "output" ? "0" : "-1" });
    }
    this.ui.tabs.append(...Object.values(this.buttons));
    this.ui.panels.append(...Object.values(this.panels));
    this.out = h("pre", { class: "lab-out" });
    this.panels.output.append(this.out);
    this.ui.tabs.addEventListener("keydown", (event) => {
      const kinds = Object.keys(this.buttons), at = kinds.indexOf(this.tab);
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: kinds.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      this.pick(kinds[(to + kinds.length) % kinds.length]);
      this.buttons[this.tab].focus();
    });
  }

  pick(kind) {
    if (!this.panels[kind]) return;
    this.tab = kind;
    for (const [name, button] of Object.entries(this.buttons)) {
      button.setAttribute("aria-selected", String(name === kind));
      button.tabIndex = name === kind ? 0 : -1;
      this.panels[name].hidden = name !== kind;
    }
    if (this.prepared[kind] && !this.told) this.views.show(this.prepared[kind]);
    delete this.prepared[kind];
    if (kind === "output") this.buttons.output.classList.remove("lab-news");
    if (this.stale.has(kind) && !this.held) this.python?.view(kind, this.wish);
    if (kind === "compare") this.views.comparing.resized();
    this.mark();
  }

  // ------------------------------------------------------------ running

  start(parts) {
    this.python = new Python(parts, {
      ready: () => {
        document.documentElement.dataset.lab = "live";
        if (this.held || this.ran) return;
        this.say("live");
        this.run();
      },
      busy: ({ kind }) => { this.busy(true, kind === "doctor" ? "the doctor is asking" : "running"); },
      out: (text) => this.print(text),
      done: (found, took, request) => this.done(found, took, request),
      view: (view) => this.seen(view),
      ended: (why, request) => this.ended(why, request),
      failed: (message) => { this.busy(false); this.say(`Python could not start here: ${message}`, true); },
    });
  }

  busy(on, what = "running") {
    clearTimeout(this.dimming);
    if (!on) this.ui.stop.disabled = true;
    else this.dimming = setTimeout(() => { this.ui.stop.disabled = false; this.say(`${what} …`, false, true); }, 150);
  }

  // A view that was asked for by itself: the status is as it was before.
  seen(view) {
    this.busy(false);
    this.stale.delete(view.kind);
    this.views.show(view);
    if (this.spoken) this.say(...this.spoken);
    this.mark();
  }

  // In the editor: the error, and what the doctor found while that is looked at, as long as the text is the one that they are about.
  mark() {
    if (this.ran === undefined || this.editor.text() !== this.source) return;
    this.editor.mark([...(this.error?.line ? [this.error] : []), ...(this.tab === "doctor" ? this.views.doctoring.marks : [])]);
  }

  changed() {
    this.edited = true;
    clearTimeout(this.typing);
    if (this.held || !this.ui.live.checked) return;
    this.typing = setTimeout(() => this.go(), this.tab === "doctor" ? DOCTOR : PAUSE);
  }

  run(pressed = false) {
    this.held = false;
    this.ui.held.hidden = true;
    clearTimeout(this.typing);
    this.go(pressed);
  }

  // pressed: somebody asked for it; a try at an exercise counts then.
  go(pressed = false) {
    if (!this.python) return;
    this.ran = true;
    this.python.run(this.editor.text(), Number(this.ui.limit.value) * 1000, KINDS.includes(this.tab) ? this.tab === "doctor" ? null : this.tab : "stepper", this.wish, pressed);
  }

  print(text, style = "") {
    if (this.clear) { this.out.replaceChildren(); this.printed = 0; this.clear = false; }
    this.printed = (this.printed ?? 0) + text.length;
    if (!text || this.printed > OUTPUT) return;
    this.out.append(style ? h("span", { class: style }, text) : text);
    if (this.tab !== "output") this.buttons.output.classList.add("lab-news");
  }

  // What is wished for of a comparison, and of the doctor.
  get wish() { return { ...this.views.comparing.wish, class: this.views.doctoring.wanted }; }

  done({ told, view, dropped: lost }, took, { source }) {
    this.busy(false);
    this.print(""); // where the program printed nothing, what the one before printed goes
    if (lost) this.print(`\n… and ${lost.toLocaleString("en")} more characters\n`, "lab-dim");
    if (told.error) this.print(told.error.traceback, "lab-error");
    this.clear = true; // by the first that the next one prints
    const { error } = told;
    Object.assign(this, { source, error });
    this.views.doctoring.marks = [];
    this.mark();
    document.documentElement.dataset.run = String(Number(document.documentElement.dataset.run ?? 0) + 1);
    if (error) {
      this.views.old();
      this.stale.add("doctor"); // who examines a program that ends with an error too
      if (this.tab === "doctor" && !UNREADABLE.has(error.kind)) this.python.view("doctor", this.wish);
      return this.say(error.line ? `Line ${error.line}: ${error.message}` : error.message, true);
    }
    this.told = true;
    for (const kind of KINDS) this.stale.add(kind);
    this.views.comparing.ran(source);
    if (view) { this.stale.delete(view.kind); this.views.show(view); }
    if (KINDS.includes(this.tab) && this.stale.has(this.tab)) this.python.view(this.tab, this.wish);
    this.say(took > 1000 ? `done in ${(took / 1000).toFixed(1)} s` : "live");
  }

  ended(why, request) {
    this.busy(false);
    this.clear = true;
    this.say(`Ended: ${why}. What it left is gone; the pictures are those of the run before.`, true);
    if (request?.kind === "doctor") this.views.show({ kind: "doctor", nothing: `The doctor was ended: ${why}.` });
    document.documentElement.dataset.run = String(Number(document.documentElement.dataset.run ?? 0) + 1);
  }

  // passing: it stands until what is done now is done.
  say(text, wrong = false, passing = false) {
    if (!passing) this.spoken = [text, wrong];
    this.ui.said.textContent = text;
    this.ui.said.classList.toggle("lab-wrong", wrong);
  }

  // ------------------------------------------------------------ programs in and out

  // Another program; `wait` for one that is somebody else's.
  take(code, why) {
    this.editor.set(code);
    this.editor.mark([]);
    this.held = !!why;
    this.ui.held.hidden = !why;
    this.ui.held.textContent = why ?? "";
    if (!why) this.run();
  }

  async link() {
    const { state } = this.views;
    return packed({ code: this.editor.text(), tab: this.tab, step: state?.step, state });
  }

  async share() {
    const fragment = await this.link();
    history.replaceState(null, "", fragment);
    const address = location.href;
    try {
      await navigator.clipboard.writeText(address);
      this.say(`The link is copied (${address.length.toLocaleString("en")} characters): the program and the place in it are in it.`);
    } catch {
      this.say("The link is in the address bar: the program and the place in it are in it.");
    }
  }

  // The address's fragment: a program in it waits until the person says Run.
  async follow() {
    let found;
    try {
      found = await unpacked(location.hash);
    } catch (error) {
      this.ui.held.hidden = false;
      this.ui.held.textContent = error.message;
      return;
    }
    if (!found) return;
    if (found.code !== undefined && found.code !== this.editor.text()) {
      this.take(found.code, "This program came with the link and has not run. Read it, then press Run.");
      this.views.forget();
      this.say("waiting for Run");
    }
    if (found.state || found.step !== undefined) this.views.restore(found.state, found.step);
    if (found.tab) this.pick(found.tab);
  }

  async save(kind) {
    if (kind === "py") return save("lab.py", this.editor.text(), "text/x-python");
    if (kind === "ipynb") return save("lab.ipynb", notebook(this.editor.text()), "application/x-ipynb+json");
    const shown = this.views.shown[kind === "svg" ? "graph" : "stepper"];
    if (!shown) return this.say(`Open the ${kind === "svg" ? "graph" : "stepper"} first: it is what is saved.`, true);
    if (kind === "svg") {
      const drawing = this.panels.graph.querySelector("svg").cloneNode(true);
      drawing.removeAttribute("style"); // where it was moved to
      drawing.classList.remove("mg-moved");
      drawing.setAttribute("xmlns", "http://www.w3.org/2000/svg");
      return save("lab.svg", `${new XMLSerializer().serializeToString(drawing)}\n`, "image/svg+xml");
    }
    return save("lab.html", await page("Backpropagation, step by step", $("viz").textContent, this.data.css, { ...shown.data, title: "" }), "text/html");
  }

  listen() {
    const { ui } = this;
    ui.run.onclick = () => this.run(true);
    ui.stop.onclick = () => this.python.end("you stopped it");
    ui.share.onclick = () => this.share();
    ui.live.onchange = () => { if (ui.live.checked) this.changed(); };
    ui.save.onchange = () => { const kind = ui.save.value; ui.save.value = ""; if (kind) this.save(kind); };
    ui.example.append(h("option", { value: "" }, "…"), ...this.data.examples.map(({ name }, i) => h("option", { value: i }, name)));
    ui.example.onchange = () => {
      const example = this.data.examples[ui.example.value];
      if (!example) return;
      this.take(example.code);
      this.pick(example.tab);
    };
    const open = async (file) => {
      try {
        this.take(await read(file), `${file.name} has not run. Read it, then press Run.`);
        this.say("waiting for Run");
      } catch (error) {
        this.say(error.message, true);
      }
    };
    ui.file.onchange = () => { if (ui.file.files[0]) open(ui.file.files[0]); ui.file.value = ""; };
    dropped(document.body, open);
    addEventListener("hashchange", () => this.follow());
    addEventListener("beforeunload", (event) => { if (this.edited) event.preventDefault(); });
  }
}

// Called by the page when its data stand; the heavy parts come later in the file.
export async function start(make) {
  const data = JSON.parse($("data").textContent);
  const lab = new Lab(data, make);
  document.body.lab = lab; // for tests and for the curious
  document.documentElement.dataset.lab = "editor";
  const parts = new Parts(data.parts, data.online);
  await lab.follow();
  lab.start(parts);
}

// The quiz on the page: holds the person at each backward step until the question is answered.

import { h } from "./stepper_page.js";
import { ask, close, hint, mistake, parse, points, random, rule } from "./stepper_quiz.js";
import { fmt, nameOf } from "./stepper_math.js";
import { stepAt } from "./stepper_trace.js";

const MANY = 30; // more steps than this are sampled

export class Quiz {
  constructor(stepper, options) {
    this.s = stepper;
    this.on = false;
    this.options = {};
    this.pending = null;
    this.score = { asked: 0, right: 0, points: 0 };
    if (options) this.start(options);
  }

  start(options) {
    this.on = true;
    this.options = options;
    this.reached = this.s.run.p;
    const { t, tree } = this.s, seen = [];
    for (let c = 0; c < t.cNode.length; c++) if (tree.item[t.cNode[c]] === t.cNode[c]) seen.push(t.seed + 1 + c);
    const count = options.count || (seen.length > MANY ? 12 : seen.length);
    const draw = random(options.seed ?? 0);
    for (let i = seen.length - 1; i > 0; i--) {
      const j = Math.floor(draw() * (i + 1));
      [seen[i], seen[j]] = [seen[j], seen[i]];
    }
    this.asks = new Set(seen.slice(0, count));
    this.s.ui.buttons.quiz.setAttribute("aria-pressed", "true");
    this.tell();
  }

  toggle() {
    if (this.on) {
      this.on = false;
      this.pending = null;
      this.s.ui.buttons.quiz.setAttribute("aria-pressed", "false");
    } else {
      this.score = { asked: 0, right: 0, points: 0 };
      this.start({ seed: this.options.seed ?? 0, ...this.options });
      if (this.s.run.p <= this.s.t.seed) return this.s.goto(this.s.t.seed + 1);
    }
    this.s.show();
  }

  // Nobody gets past an open question, and is told so; back is always free.
  limit(p) {
    if (!this.on) return p;
    const wanted = p;
    for (let k = this.reached; k < p; k++) if (this.asks.has(k)) { p = k; break; }
    this.reached = Math.max(this.reached, p);
    this.waiting = p < wanted && this.pending?.step.k === p && p === this.s.run.p;
    return p;
  }

  // The question at the present position, drawn if there is one; null otherwise.
  show() {
    const { run, t, ui } = this.s;
    this.tell();
    if (!this.on || run.p < this.reached || !this.asks.has(run.p) || run.p >= t.total) {
      ui.quiz.hidden = true;
      if (this.on && run.p === t.total) this.finish();
      return null;
    }
    if (this.pending?.step.k !== run.p) {
      const step = stepAt(t, run.p);
      step.upstream = run.grad[step.node];
      this.pending = ask(t, step, this.options);
      this.draw();
    }
    ui.quiz.hidden = false;
    if (this.waiting) this.tellWaiting();
    return this.pending;
  }

  draw() {
    const { ui } = this.s, q = this.pending;
    this.note = h("p", { class: "mg-note", role: "alert" });
    const hinting = h("button", { type: "button", class: "mg-button mg-hint" }, "Hint");
    hinting.onclick = () => this.tellHint();
    const skipping = h("button", { type: "button", class: "mg-button mg-skip", title: "Show the answer and go on, for no points" }, "Skip");
    skipping.onclick = () => this.skip();
    let answer;
    if (q.kind === "slope") {
      answer = h("div", { class: "mg-choices", role: "group", "aria-label": "choices" }, ...q.choices.map((x) => {
        const made = h("button", { type: "button", class: "mg-button mg-choice", "data-value": x }, fmt(x));
        made.onclick = () => this.judge(x, made);
        return made;
      }), hinting, skipping);
    } else {
      const field = h("input", { type: "text", inputmode: "text", autocomplete: "off", "aria-label": q.text, class: "mg-answer", placeholder: "a number" });
      const submit = () => {
        const x = parse(field.value);
        if (x === undefined) { this.note.textContent = "Type a number such as -1.5 or 3/4."; return; }
        this.judge(x, field);
      };
      field.onkeydown = (event) => {
        if (event.key === "Enter") { event.preventDefault(); submit(); }
        if (event.key === "Escape") this.s.ui.root.focus();
        if (event.key === "?") { event.preventDefault(); this.tellHint(); }
      };
      const check = h("button", { type: "button", class: "mg-button mg-check" }, "Check");
      check.onclick = submit;
      answer = h("div", { class: "mg-choices" }, field, check, hinting, skipping);
    }
    const inside = ui.root.contains(document.activeElement); // asked before the old question goes
    ui.quiz.replaceChildren(h("p", { class: "mg-question" }, q.text), answer, this.note);
    ui.quiz.hidden = false;
    if (inside) ui.quiz.querySelector("input, button").focus({ preventScroll: true });
  }

  tellHint() {
    this.note.textContent = `Hint: ${hint(this.s.t, this.pending)}`;
    this.note.classList.add("mg-helping");
    this.s.show();
  }

  // A step further was asked for while a question is open: why nothing moves, and the ways on.
  tellWaiting() {
    this.waiting = false;
    const way = this.pending.choices ? "Pick a number above" : "Type a number and press Enter";
    this.note.classList.add("mg-helping");
    this.note.textContent = `→ waits for an answer. ${way}, or Skip the question for no points.`;
  }

  skip() {
    const q = this.pending, name = nameOf(this.s.t, q.step.arg);
    this.s.host.on?.({ type: "answer", step: q.step.k, kind: q.kind, given: null, right: false, skipped: true, tries: q.tries, hints: q.hints });
    this.leave(`Skipped: ${q.kind === "slope" ? "the derivative" : `${name}.grad`} ${q.kind === "product" ? "gets" : "is"} ${fmt(q.answer)}. `, 0, 0);
  }

  // On past the question, with what it earned.
  leave(said, earned, right) {
    const q = this.pending, inside = this.s.ui.root.contains(document.activeElement);
    this.score.asked++;
    this.score.right += right;
    this.score.points += earned;
    this.pending = null;
    this.reached = q.step.k + 1;
    this.s.goto(q.step.k + 1);
    if (inside && !this.pending) this.s.ui.root.focus({ preventScroll: true });
    this.s.say(said, true);
  }

  judge(x, where) {
    const q = this.pending;
    if (close(x, q.answer, this.options.tolerance ?? 0.01)) {
      this.s.host.on?.({ type: "answer", step: q.step.k, kind: q.kind, given: x, right: true, tries: q.tries, hints: q.hints });
      return this.leave("Right. ", points(q), Number(q.tries === 0 && q.hints === 0));
    }
    q.tries++;
    q.wrong.push(x);
    where.classList.add("mg-wrong-answer");
    if (where.matches("button")) where.disabled = true;
    const why = mistake(this.s.t, q, x);
    this.note.classList.remove("mg-helping");
    this.note.textContent = `Not ${fmt(x)}. ${why || rule(this.s.t, q)}`;
    this.s.host.on?.({ type: "answer", step: q.step.k, kind: q.kind, given: x, right: false, mistake: why, tries: q.tries, hints: q.hints });
    where.select?.();
    this.s.show();
  }

  tell() {
    const { asked, points: got } = this.score;
    const total = this.asks?.size ?? 0;
    this.s.ui.score.textContent = this.on ? `Score ${fmt(got)} of ${asked} · ${total - asked} to go` : "";
    this.s.host.on?.({ type: "score", ...this.score, total });
  }

  finish() {
    const { ui } = this.s, { asked, right, points: got } = this.score;
    ui.quiz.hidden = false;
    ui.quiz.replaceChildren(h("p", { class: "mg-question" }, `Done: ${fmt(got)} of ${asked} points, ${right} right at once.`));
  }
}

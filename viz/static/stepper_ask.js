// The quiz on the page: holds the person at each backward step until the question is answered.

import { h } from "./stepper_page.js";
import { ask, close, hint, mistake, parse, points, random } from "./stepper_quiz.js";
import { fmt } from "./stepper_math.js";
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

  // Nobody gets past an open question; back is always free.
  limit(p) {
    if (!this.on) return p;
    for (let k = this.reached; k < p; k++) if (this.asks.has(k)) { p = k; break; }
    this.reached = Math.max(this.reached, p);
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
    return this.pending;
  }

  draw() {
    const { ui } = this.s, q = this.pending;
    this.note = h("p", { class: "mg-note", role: "alert" });
    const hinting = h("button", { type: "button", class: "mg-button mg-hint" }, "Hint");
    hinting.onclick = () => this.tellHint();
    let answer;
    if (q.kind === "slope") {
      answer = h("div", { class: "mg-choices", role: "group", "aria-label": "choices" }, ...q.choices.map((x) => {
        const made = h("button", { type: "button", class: "mg-button mg-choice", "data-value": x }, fmt(x));
        made.onclick = () => this.judge(x, made);
        return made;
      }), hinting);
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
      answer = h("div", { class: "mg-choices" }, field, check, hinting);
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

  judge(x, where) {
    const q = this.pending;
    if (close(x, q.answer, this.options.tolerance ?? 0.01)) {
      this.score.asked++;
      this.score.right += q.tries === 0 && q.hints === 0 ? 1 : 0;
      this.score.points += points(q);
      this.s.host.on?.({ type: "answer", step: q.step.k, kind: q.kind, given: x, right: true, tries: q.tries, hints: q.hints });
      const inside = this.s.ui.root.contains(document.activeElement);
      this.pending = null;
      this.reached = q.step.k + 1;
      this.s.goto(q.step.k + 1);
      if (inside && !this.pending) this.s.ui.root.focus({ preventScroll: true });
      this.s.say("Right. ", true);
      return;
    }
    q.tries++;
    q.wrong.push(x);
    where.classList.add("mg-wrong-answer");
    if (where.matches("button")) where.disabled = true;
    const why = mistake(this.s.t, q, x);
    this.note.classList.remove("mg-helping");
    this.note.textContent = `Not ${fmt(x)}. ${why || hint(this.s.t, q)}`;
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

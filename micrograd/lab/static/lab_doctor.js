// The Doctor tab: each mistake of a class or of a training loop, with its line, the smallest expression that shows it, and hints one by one.

import { drawn } from "./lab_drawing.js";
import { h } from "./stepper_page.js";

const HINTS = ["First hint", "Second hint", "Third hint"];

export class Doctor {
  // ask(): another class is wished for; goto(line): a line is looked at
  constructor(panel, ask, goto) {
    this.goto = goto;
    this.wanted = ""; // the class that was chosen
    this.marks = []; // { line, message } for the editor
    this.open = new Map(); // how many hints of a mistake were asked for; they stay while a person types
    this.choice = h("select", { class: "lab-way", "aria-label": "Which class is examined" });
    this.bar = h("div", { class: "lab-zoom lab-comparing" }, h("label", { class: "lab-choice" }, "class ", this.choice));
    this.bar.hidden = true;
    this.room = h("div", { class: "lab-doctor" });
    panel.append(this.bar, this.room);
    this.choice.onchange = () => { this.wanted = this.choice.value; ask(); };
  }

  nothing(note) {
    this.marks = [];
    this.bar.hidden = true;
    this.room.replaceChildren(note);
  }

  show({ classes, chosen, reports }) {
    this.bar.hidden = classes.length < 2;
    this.choice.replaceChildren(...classes.map((name) => h("option", { value: name }, name)));
    this.choice.value = chosen;
    this.marks = reports.flatMap(({ faults }) => faults.filter(({ line }) => line > 0).map(({ line, title }) => ({ line, message: title })));
    const top = this.room.parentElement.scrollTop;
    this.room.replaceChildren(...reports.map((report) => this.report(report)));
    this.room.parentElement.scrollTop = top;
  }

  report({ subject, head, ok, faults, missing, notes, works, unread }) {
    const list = (title, lines, open) => {
      if (!lines.length) return [];
      const el = h("details", {}, h("summary", {}, title), h("ul", {}, ...lines.map((line) => h("li", {}, line))));
      el.open = open;
      return [el];
    };
    const feels = faults.length ? "lab-bad" : ok ? "lab-good" : "lab-head";
    return h("section", {},
      h("h2", { class: feels }, `${subject}: ${head}`),
      ...faults.map((fault, k) => this.fault(fault, k + 1, subject)),
      ...list("Not judged", unread, true),
      ...list("Missing, which is not wrong", missing, false),
      ...list("Worth knowing", notes, false),
      ...(works ? [h("p", { class: "lab-note" }, h("strong", {}, "Works: "), works)] : []));
  }

  fault({ key, title, line, text, rows, svg, hints }, number, subject) {
    const made = h("article", { class: "lab-fault" }, h("h3", {}, `${number}. ${title}`));
    if (line > 0) {
      const to = h("button", { type: "button", class: "lab-line", title: `Go to line ${line}` }, h("span", { class: "lab-dim" }, `line ${line}`), h("code", {}, text));
      to.onclick = () => this.goto(line);
      made.append(to);
    }
    if (rows.length) {
      made.append(h("table", {}, h("tbody", {}, ...rows.map(([what, is]) => h("tr", {}, h("th", { scope: "row" }, what), h("td", {}, is))))));
    }
    const picture = svg && drawn(svg);
    if (picture) made.append(h("figure", { class: "lab-shown" }, picture));
    made.append(this.ladder(`${subject} ${key}`, hints));
    return made;
  }

  // The hints that were asked for, and the button for the next one.
  ladder(key, hints) {
    const list = h("ol", { class: "lab-hints" }), more = h("button", { type: "button", class: "lab-button" });
    const draw = () => {
      const open = Math.min(this.open.get(key) ?? 0, hints.length);
      list.replaceChildren(...hints.slice(0, open).map((hint) => h("li", {}, hint)));
      list.hidden = !open;
      more.hidden = open >= hints.length;
      more.textContent = HINTS[open] ?? "Hint";
    };
    more.onclick = () => {
      this.open.set(key, (this.open.get(key) ?? 0) + 1);
      draw();
      list.lastElementChild.tabIndex = -1;
      list.lastElementChild.focus(); // it is read aloud, and the button may be gone
    };
    draw();
    return h("div", { class: "lab-ladder" }, list, more);
  }
}

// Playing: one step after the other, at a pace that the person chooses, until the end, a question or a breakpoint.

import { stopsAt } from "./stepper_state.js";
import { icon } from "./stepper_page.js";

const SPEEDS = [0.25, 0.5, 1, 2, 4], PACE = 900;

// One beat after the other, while `beat` gives true and s.root is on the page; then `ended`. s.timer: whether it goes on.
export function beats(s, on, pace, beat, ended) {
  clearInterval(s.timer);
  s.timer = on ? setInterval(() => { if (!s.root.isConnected || !beat()) ended(); }, pace) : null;
}

export function play(s, on = !s.timer) {
  if (on && s.run.p >= s.t.total) s.dispatch({ type: "start" });
  beats(s, on, PACE / s.rate, () => {
    if (s.run.p >= s.t.total || s.quiz.pending) return false;
    s.dispatch({ type: "next" });
    return !stopsAt(s, s.state, s.run.p);
  }, () => play(s, false));
  const { play: button } = s.ui.buttons, name = on ? "Pause" : "Play";
  button.setAttribute("aria-label", name);
  button.title = `${name} (Space)`;
  button.replaceChildren(icon(on ? "pause" : "play"));
  s.ui.root.classList.toggle("mg-playing", !!on);
}

// The next slower or faster pace; without a direction the next in the round.
export function speed(s, by) {
  const at = SPEEDS.indexOf(s.rate);
  s.rate = SPEEDS[by ? Math.max(0, Math.min(SPEEDS.length - 1, at + by)) : (at + 1) % SPEEDS.length];
  const { speed: button } = s.ui.buttons;
  button.textContent = `${s.rate}×`;
  button.setAttribute("aria-label", `Play speed ${s.rate}×`);
  if (s.timer) play(s, true);
  s.say(`Play speed ${s.rate} times.`);
}

// What each key and a click in the graph does, and when a key is meant for the stepper.

function actions(s) {
  return {
    ArrowRight: () => s.next(), ArrowLeft: () => s.back(),
    "S-ArrowRight": () => s.next(true), "S-ArrowLeft": () => s.back(true),
    ArrowUp: () => s.walk("users"), ArrowDown: () => s.walk("args"),
    "S-ArrowUp": () => s.sideways(-1), "S-ArrowDown": () => s.sideways(1),
    " ": () => s.play(), Home: () => s.goto(0), End: () => s.goto(s.t.total),
    b: () => s.goto(s.t.seed + 1), ".": () => s.resume(), f: () => s.fold(), Enter: () => s.enter(),
    q: () => s.quiz.toggle(), "?": () => s.help(), "+": () => s.zoom(1.25), "-": () => s.zoom(0.8),
    0: () => s.zoom(), Escape: () => { s.help(false); s.play(false); s.state.selected = -1; s.picture.select(-1); },
  };
}

export function listen(s) {
  const act = s.act = actions(s);
  s.ui.root.addEventListener("keydown", (event) => {
    event.stopPropagation(); // the notebook must not hear keys meant for us
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input:not([type=range])")) return;
    if (event.target.matches("button, summary") && (event.key === " " || event.key === "Enter")) return;
    const shift = event.shiftKey && event.key.startsWith("Arrow") ? "S-" : "";
    const wanted = act[shift + event.key] || act[shift + event.key.toLowerCase()];
    if (!wanted) return;
    event.preventDefault();
    wanted();
  });
  s.ui.graph.addEventListener("click", (event) => {
    const hit = event.target.closest?.("[data-thing]");
    if (!hit) return;
    const x = Number(hit.dataset.thing);
    s.still = true; // do not scroll away from what was clicked
    s.state.selected = x;
    if (s.tree.isBox(x)) s.enter();
    else { s.select(x); s.toggleBreak(x); }
    s.still = false;
  });
}

"""The stepper as a two-way widget (extra ``live``): the same page, with a kernel behind it.

    >>> w = viz.step(loss).live()  # doctest: +SKIP
    >>> w.step = 12                # moves the page  # doctest: +SKIP
    >>> w.on_event(print)          # hears of steps, clicks and answers  # doctest: +SKIP

The widget's mime type is never in the default output: in a saved notebook it would win over the page
that works without a kernel.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from ..bundle import script

if TYPE_CHECKING:
    from .stepper import Stepper

_HOST = """
export default {
  render({ model, el }) {
    let ours = false;
    const at = model.get("step");
    const on = (event) => {
      if (event.type === "step") {
        if (ours || model.get("step") === event.step) return;
        model.set("step", event.step);
      } else if (event.type === "break") {
        model.set("breakpoints", event.nodes);
      } else if (event.type === "score") {
        const { asked, right, points, total } = event, old = model.get("score");
        if (old.asked === asked && old.points === points && old.total === total) return;
        model.set("score", { asked, right, points, total });
      }
      model.save_changes();
      if (event.type !== "score") model.send(event);
    };
    const data = { ...model.get("data"), at };
    const made = stepper.mount(el, data, { on, css: mgCSS });
    const move = () => { ours = true; made.dispatch({ type: "step", step: model.get("step") }); ours = false; };
    model.on("change:step", move);
    return () => { model.off("change:step", move); made.destroy(); };
  },
};
"""


def live(stepper: Stepper) -> Any:
    """The widget of ``stepper``; ImportError says what to install."""
    return widget_class()(stepper)


@cache
def widget_class() -> Any:
    """The widget class, made when first wanted because its base needs the extra."""
    try:
        import anywidget
        import traitlets
    except ImportError as error:
        raise ImportError(
            "stepper.live() needs the widget: pip install anywidget (extra 'live'); "
            "without it, viz.step(root) and .save() show the same, one way"
        ) from error

    class StepperWidget(anywidget.AnyWidget):
        """``step`` is the position (settable), ``score`` the quiz so far, ``breakpoints`` the places of values with one."""

        _esm = script("stepper") + _HOST
        data = traitlets.Dict().tag(sync=True)
        step = traitlets.Int(0).tag(sync=True)
        score = traitlets.Dict({"asked": 0, "right": 0, "points": 0, "total": 0}).tag(sync=True)
        breakpoints = traitlets.List(traitlets.Int()).tag(sync=True)

        def __init__(self, stepper: Stepper, **traits: Any) -> None:
            self.stepper = stepper
            #: every event of the page so far, oldest first
            self.events: list[dict[str, Any]] = []
            self._listeners: list[Callable[[dict[str, Any]], Any]] = []
            super().__init__(data=stepper.data, step=stepper.data["at"], **traits)
            self.on_msg(self._hear)

        @traitlets.validate("step")
        def _within(self, proposal: Any) -> int:
            return max(0, min(len(self.stepper), int(proposal["value"])))

        def on_event(self, listener: Callable[[dict[str, Any]], Any]) -> None:
            """Call ``listener`` with each event: ``{"type": "step" | "select" | "break" | "answer", …}``."""
            self._listeners.append(listener)

        def _hear(self, _: Any, content: dict[str, Any], __: Any) -> None:
            self.events.append(content)
            for listener in self._listeners:
                listener(content)

        @property
        def clicked(self) -> list[Any]:
            """The values on which the person has set breakpoints."""
            return [self.stepper.trace.values[i] for i in self.breakpoints]

    return StepperWidget

"""Pictures of computation graphs, and a stepper that walks through them.

    >>> import viz
    >>> from micrograd import Value
    >>> a, b = Value(2.0), Value(-3.0)
    >>> viz.draw(a * b + a)
    Picture(4 values)

`draw` shows itself in a notebook and saves SVG, PNG, PDF, HTML and DOT, of a model too; `draw_dot` and `trace` are the
original notebooks' functions; `text_tree` and `to_latex` write; `step` walks; `diff` compares two graphs.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .mixed import warn

warn()

__all__ = [
    "Diff", "Picture", "Stepper", "diff", "draw", "draw_dot", "exercise", "frames", "repr_html", "repr_mimebundle", "step", "text_tree",
    "to_latex", "trace", "watch",
]  # fmt: skip

if TYPE_CHECKING:
    from .drawn.classic import draw_dot as draw_dot
    from .drawn.compare import Diff as Diff
    from .drawn.compare import diff as diff
    from .drawn.display import repr_html as repr_html
    from .drawn.display import repr_mimebundle as repr_mimebundle
    from .drawn.latex import to_latex as to_latex
    from .drawn.picture import Picture as Picture
    from .drawn.picture import draw as draw
    from .drawn.text import text_tree as text_tree
    from .stepped.stepper import Stepper as Stepper
    from .stepped.stepper import step as step
    from .stepped.stills import frames as frames
    from .stepped.worksheet import exercise as exercise
    from .training import watch as watch

_LAZY = {
    "Diff": "drawn.compare",
    "Picture": "drawn.picture",
    "Stepper": "stepped.stepper",
    "diff": "drawn.compare",
    "draw": "drawn.picture",
    "draw_dot": "drawn.classic",
    "exercise": "stepped.worksheet",
    "frames": "stepped.stills",
    "repr_html": "drawn.display",
    "repr_mimebundle": "drawn.display",
    "step": "stepped.stepper",
    "text_tree": "drawn.text",
    "to_latex": "drawn.latex",
    "watch": "training",
}


def trace(root: Any) -> tuple[set[Any], set[tuple[Any, Any]]]:
    """All values below ``root`` and all edges ``(child, parent)``, as sets, like the original's."""
    from .drawn.classic import trace

    return trace(root)


if not TYPE_CHECKING:  # a checker would take every name for one of ours

    def __getattr__(name: str) -> Any:
        if name in _LAZY:
            return getattr(import_module(f".{_LAZY[name]}", __name__), name)
        import difflib

        near = difflib.get_close_matches(name, __dir__(), 1)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}{f'; did you mean {near[0]!r}?' if near else ''}")


def __dir__() -> list[str]:
    return sorted(__all__)

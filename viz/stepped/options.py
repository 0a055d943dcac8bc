"""What ``fold=`` and ``quiz=`` of the stepper mean."""

from __future__ import annotations

from typing import Any

from ..given import above_zero, whole
from ..model.boxes import ROOM


def fold_options(fold: Any) -> dict[str, Any]:
    """The options of `opened`, and under "grow" those of `grow`."""
    if fold is False:
        return {"all": True, "grow": {}}
    if fold is True or fold is None or fold == "auto":
        return {"budget": ROOM, "grow": {}}
    if isinstance(fold, int):
        if fold < 1:
            raise ValueError(f"fold={fold}: expected a number of visible boxes of at least 1")
        return {"budget": fold, "grow": {"room": fold}}
    if fold == "time":
        return {"time": True, "grow": {"apart": True}}
    closed = [fold] if isinstance(fold, str) else list(fold) if isinstance(fold, (list, tuple, set, frozenset)) else [fold]
    if not all(isinstance(name, str) for name in closed):
        raise TypeError(f"fold={fold!r}: expected True, False, 'time', a number, a name or a list of names")
    return {"closed": closed, "grow": {"apart": True}}


_KINDS = ("product", "total", "slope")


def quiz_options(quiz: Any) -> dict[str, Any] | None:
    """The options of the quiz as the page reads them; ValueError for one that it does not have."""
    if quiz is None or quiz is False:
        return None
    if quiz is True:
        return {"seed": 0}
    if isinstance(quiz, int):
        return {"seed": quiz}
    allowed = {"seed", "count", "tolerance", "kinds"}
    if not isinstance(quiz, dict) or set(quiz) - allowed:
        raise ValueError(f"quiz={quiz!r}: expected True, a seed, or a dict with {sorted(allowed)}")
    kinds = [quiz["kinds"]] if isinstance(quiz.get("kinds"), str) else list(quiz.get("kinds", ()))
    wrong = [kind for kind in kinds if kind not in _KINDS]
    if wrong:
        raise ValueError(f"quiz kinds {wrong}: expected some of {list(_KINDS)}")
    for name in ("seed", "count"):
        if name in quiz:
            whole(f"quiz {name}", quiz[name], 0 if name == "seed" else 1)
    if "tolerance" in quiz:
        above_zero("quiz tolerance", quiz["tolerance"])
    return {**quiz, "kinds": kinds} if kinds else dict(quiz)

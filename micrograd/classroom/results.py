"""Results out of files: of `micrograd grade --json` (Gradescope's form) and of `micrograd doctor -o NAME.json`. What is broken is said."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

STATES = ("right", "partly", "wrong", "unanswered", "error")
LARGEST = 20_000_000  # bytes of one file
LONG = 300  # characters of a text out of a file
FORMAT = 1  # of extra_data.micrograd


class Broken(ValueError):
    """A file that holds no results; the message says what is the matter."""


@dataclass(frozen=True)
class Slip:
    """A mistake that has a name. key: what like mistakes share. said: what was said of this one."""

    key: str
    said: str


@dataclass
class Done:
    """One exercise of one student. points 0: nothing is counted (a report of the doctor)."""

    id: str
    status: str
    score: float
    points: float
    slips: list[Slip] = field(default_factory=list)


@dataclass
class Result:
    """One file: whose, and what was done."""

    student: str
    sheet: str
    file: str
    done: list[Done]


def read(path: Path) -> Result:
    """The results in a file. Broken, with a sentence, where it has none."""
    try:
        raw = path.read_bytes()
        if len(raw) > LARGEST:
            raise Broken(f"{len(raw):,} bytes; {LARGEST:,} are the most")
        found = json.loads(raw.decode("utf-8-sig"))
    except OSError as error:
        raise Broken(f"it cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise Broken(f"it is no text in UTF-8: {error.reason} at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise Broken(f"it is no JSON: {error.msg} in line {error.lineno}") from None
    except (RecursionError, ValueError) as error:
        if isinstance(error, Broken):
            raise
        raise Broken("it is no JSON that can be read: too deep, or a number too long") from None
    if not isinstance(found, dict):
        raise Broken("it is JSON, but no results: an object is needed")
    extra = found.get("extra_data")
    whole = extra.get("micrograd") if isinstance(extra, dict) else None
    if whole is not None:
        return _graded(_object(whole, "extra_data.micrograd"), path)
    if "findings" in found:
        return _doctored(found, path)
    if "tests" in found:
        return _tests(found, path)
    raise Broken("it is neither of `micrograd grade --json` nor of `micrograd doctor -o NAME.json`")


def _named(path: Path) -> str:
    """Whose file it is, where it does not say itself: its name, or of results/results.json the folder's."""
    return path.parent.name if path.stem == "results" else path.stem


def _graded(whole: dict[str, Any], path: Path) -> Result:
    if whole.get("format") != FORMAT:
        raise Broken(f"its format is {whole.get('format')!r:.20}; this version reads {FORMAT}")
    done = []
    for row in _list(whole.get("exercises"), "exercises"):
        row = _object(row, "an exercise")
        status = row.get("status")
        if status not in STATES:
            raise Broken(f"an exercise is {status!r:.40}, none of {', '.join(STATES)}")
        slips = []
        for blank in _list(row.get("blanks", []), "blanks"):
            blank = _object(blank, "a blank")
            if blank.get("status") == "wrong" and blank.get("mistake"):
                mistake, reason = _text(blank["mistake"], "a mistake"), _text(blank.get("reason", ""), "a reason")
                slips.append(Slip(reason if mistake == "known" else mistake, reason))
        done.append(Done(_text(row.get("id"), "the id of an exercise"), status, _number(row, "score"), _number(row, "points"), slips))
    return Result(
        _text(whole.get("student", ""), "the student") or _named(path), _text(whole.get("sheet", ""), "the sheet"), path.name, done
    )


def _tests(found: dict[str, Any], path: Path) -> Result:
    """Gradescope's form alone, of whatever grader."""
    done = []
    for row in _list(found["tests"], "tests"):
        row = _object(row, "a test")
        score, points = _number(row, "score"), _number(row, "max_score")
        status = "right" if score >= points else "partly" if score > 0 else "wrong"
        done.append(Done(_text(row.get("number") or row.get("name"), "the name of a test"), status, score, points))
    return Result(_named(path), "", path.name, done)


def _doctored(found: dict[str, Any], path: Path) -> Result:
    faults = []
    for row in _list(found["findings"], "findings"):
        row = _object(row, "a finding")
        if row.get("kind") == "fault":
            title = _text(row.get("title", ""), "a title")
            detail = _text(row.get("detail", ""), "a detail")
            where = _text(row.get("where", ""), "a place")
            faults.append(Slip(_text(row.get("name"), "the name of a fault"), f"{where}: {title}{f' – {detail}' if detail else ''}"))
    loop = any("watched" in _text(line, "what works") for line in _list(found.get("works", []), "what works"))
    status = "wrong" if faults else "right" if found.get("ok") is True else "unanswered"
    return Result(_named(path), "", path.name, [Done("training loop" if loop else "engine", status, 0.0, 0.0, faults)])


def _object(x: Any, what: str) -> dict[str, Any]:
    if not isinstance(x, dict):
        raise Broken(f"{what} is {x!r:.40}, and no object")
    return x


def _list(x: Any, what: str) -> list[Any]:
    if not isinstance(x, list) or len(x) > 10_000:
        raise Broken(f"{what}: a list is needed, not {x!r:.40}")
    return x


def _text(x: Any, what: str) -> str:
    if not isinstance(x, str):
        raise Broken(f"{what} is {x!r:.40}, and no text")
    plain = "".join(c if c.isprintable() else " " for c in x).strip()
    return plain if len(plain) <= LONG else plain[: LONG - 1] + "…"


def _number(row: dict[str, Any], key: str) -> float:
    x = row.get(key)
    if isinstance(x, bool) or not isinstance(x, (int, float)) or not math.isfinite(x):
        raise Broken(f"{key} is {x!r:.40}, and no number")
    return float(x)

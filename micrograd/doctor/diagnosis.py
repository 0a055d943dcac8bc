"""The whole examination of one class: read it, ask each operation, ask the engine, find the smallest expression that shows each mistake."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from micrograd.doctor.findings import Report
from micrograd.doctor.local import Local
from micrograd.doctor.student import Student, Unreadable
from micrograd.doctor.whole import Whole

FIRST = ("seed-missing", "seed-wrong", "root-missing", "grad-initial")  # they hide what comes after


def diagnose(cls: Any, make: Callable[[float], Any] | None = None, *, examples: bool = True) -> Report:
    """Run a class through every behaviour that a scalar engine has, and say what is wrong, where, and how to see it.

    cls: the class, of any dialect: closures or tuples of local derivatives, a class for each operation, a tape; `data` and `grad` may
    have other names. make: how an object is made of one number, where that is not `cls(x)`. examples: search for the smallest
    expression that shows each mistake.

    The report is true where something was judged and nothing is wrong; see `micrograd.doctor.findings.Report`. What cannot be read is
    said in it, never raised.
    """
    name = getattr(cls, "__name__", str(cls))
    try:
        student = Student(cls, make)
    except Unreadable as error:
        return Report(name, unread=[str(error)])
    local = Local(student)
    whole = Whole(local)
    whole.ask()
    begins = [f for f in whole.findings if f.name in FIRST]
    local.made_of_others(whole.sound or not student.backward_name)
    report = Report(name)
    blind = bool(begins) and local.way == "one"
    own = [f for f in local.findings if not blind or f.kind != "fault"]
    if any(f.name == "grad-initial" for f in begins):
        own = [f for f in own if "NoneType" not in f.detail]
    report.findings = [*begins, *own, *(f for f in whole.findings if f not in begins)]
    report.works = list(dict.fromkeys([*(f.text for f in local.trusted), *whole.works]))
    report.unread = list(local.hidden)
    if not student.grad_name:
        report.unread.append(f"gradients: {name} has none yet (looked for grad, gradient, g)")
    elif not student.backward_name:
        report.unread.append(f"gradients: {name} has no backward() yet")
    elif local.way == "one":
        report.unread.append("upstream gradients other than 1, but in larger expressions")
    if examples:
        from micrograd.doctor.smallest import show

        for finding in report.faults:
            if finding.example is None:
                finding.example = show(student, local, finding)
    return report

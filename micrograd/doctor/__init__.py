"""The doctor: what is wrong with an engine or a training loop that somebody wrote, by name, with the line and what shows it."""

from __future__ import annotations

from micrograd.doctor.diagnosis import diagnose
from micrograd.doctor.findings import Example, Finding, Report
from micrograd.doctor.loops import watch_loop

__all__ = ["Example", "Finding", "Report", "diagnose", "watch_loop"]

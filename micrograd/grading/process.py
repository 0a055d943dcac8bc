"""The answer's process, seen from the grader: started, asked, and ended when its time is over. Whatever it sends is read with care."""

from __future__ import annotations

import json
import math
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from micrograd.grading.answers import Answer

LONGEST, WAITING = 2_000_000, 16  # bytes of one line, and how many lines may wait to be read
KEPT = 8_000  # characters of what it prints
ROOT = str(Path(__file__).resolve().parents[2])


class Ended(Exception):
    """The process is no more, or has run out of time; the message says which."""


class Process:
    """One run of an answer, in a folder of its own that holds the answer alone. Use it in a `with`.

    After `begin()`: said, what went wrong in it; handed, {id: [blank]} that it handed in.
    """

    def __init__(self, answer: Answer, exercises: dict[str, Any], student: str, seconds: float, hidden: Sequence[str] = ()) -> None:
        self.seconds = seconds
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._printed = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process
        folder = os.path.realpath(self._folder.name)
        for piece in answer.pieces:
            if piece.name.endswith(".py"):
                Path(folder, piece.name).write_text(piece.text, encoding="utf-8")
        command = [sys.executable, "-s", "-B", "-m", "micrograd.grading.child"]
        self._process: Any = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._printed, cwd=ROOT, env=_surroundings(folder),
            start_new_session=os.name == "posix",
        )  # fmt: skip
        self._lines: queue.Queue[bytes] = queue.Queue(WAITING)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        pieces = [list(piece) for piece in answer.pieces]
        job = {"pieces": pieces, "exercises": exercises, "student": student, "seconds": seconds, "hidden": list(hidden), "folder": folder}
        self._job, self._exercises = job, exercises
        self.said: list[str] = []
        self.handed: dict[str, list[str]] = {}

    def begin(self) -> None:
        """Run the file. Ended where it does not come to its end."""
        first = self._exchange(self._job, "the file")
        said, handed = first.get("said"), first.get("handed")
        self.said = [clean(s) for s in said if isinstance(s, str)][:20] if isinstance(said, list) else []
        for id, told in self._exercises.items():
            given = handed.get(id) if isinstance(handed, dict) else None
            self.handed[id] = [b for b in given if b in told["blanks"]] if isinstance(given, dict) else []

    def ask(self, id: str, blank: str, requests: Sequence[Any]) -> list[dict[str, Any]]:
        """The replies to requests about one blank. Ended where they do not come."""
        until = time.monotonic() + self.seconds
        return [self._exchange({"id": id, "blank": blank, "request": r}, f"exercise {id}", until) for r in requests]

    @property
    def printed(self) -> str:
        """What the answer printed, its beginning."""
        self._printed.seek(0)
        raw = self._printed.read(4 * KEPT).decode(errors="replace")
        return clean(raw[:KEPT], "\n\t") + ("\n[…]" if len(raw) > KEPT else "")

    def end(self) -> None:
        """End it, and all that it started."""
        with suppress(OSError):
            group = getattr(os, "killpg", None)
            if group is None:
                self._process.kill()
            else:
                group(self._process.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        self._process.wait()
        while self._listener.is_alive():  # it may wait for room
            with suppress(queue.Empty):
                self._lines.get(timeout=0.02)
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                pipe.close()

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        self._printed.close()
        self._folder.cleanup()

    def _listen(self) -> None:
        """A thread of its own reads the pipe, so that no silence holds the grader up. An empty line is the end."""
        with suppress(OSError, ValueError):
            while line := self._process.stdout.readline(LONGEST):
                self._lines.put(line)
        self._lines.put(b"")

    def _exchange(self, what: Any, whose: str, until: float | None = None) -> dict[str, Any]:
        until = time.monotonic() + self.seconds if until is None else until
        try:
            self._process.stdin.write(json.dumps(what).encode() + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            raise Ended(self._end_of(whose)) from error
        try:
            line = self._lines.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty as error:
            raise Ended(f"{whose} does not end within {self.seconds:g} seconds") from error
        if not line:
            raise Ended(self._end_of(whose))
        try:
            found = json.loads(line, parse_int=_int)
        except (ValueError, RecursionError) as error:
            raise Ended(f"{whose}: what came back cannot be read") from error
        if not isinstance(found, dict):
            raise Ended(f"{whose}: what came back is no reply")
        return found

    def _end_of(self, whose: str) -> str:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        status = self._process.returncode
        if status is not None and status < 0:
            name = signal.Signals(-status).name if -status in list(signal.Signals) else str(-status)
            over = f": {self.seconds:g} seconds of processor time are over" if name in ("SIGXCPU", "SIGKILL") else ""
            return f"{whose} ends the process with {name}{over}"
        return f"{whose} ends the process (status {status})"


def _int(text: str) -> int | float:
    return int(text) if len(text) < 16 else float(text) if len(text) < 400 else math.inf


def clean(text: str, also: str = "") -> str:
    """Text of an answer's without control characters."""
    return "".join(c if c.isprintable() or c in also else " " for c in text)


def _surroundings(folder: str) -> dict[str, str]:
    """Environment variables: what Python needs, and nothing of the grader's."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "LANG", "LD_LIBRARY_PATH", "VIRTUAL_ENV") if name in os.environ}
    path = os.pathsep.join(filter(None, [ROOT, os.environ.get("PYTHONPATH", "")]))
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {
        **kept, **threads, "PYTHONPATH": path, "HOME": folder, "TMPDIR": folder, "TEMP": folder, "TMP": folder,
        "MPLBACKEND": "agg", "MPLCONFIGDIR": folder, "PYTHONIOENCODING": "utf-8", "PYTHONUNBUFFERED": "1", "PYTHONHASHSEED": "0",
    }  # fmt: skip

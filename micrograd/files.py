"""A file is written whole or not at all, on every system; where it was a symbolic link, what the link points to is written.

`viz/save.py` is this file again: either package works where another `micrograd`, or none, is installed.
"""

from __future__ import annotations

import errno
import os
import time
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

ENDING = ".part"  # of what is not whole yet
OLD = 60.0  # seconds after which it is taken for a leftover where files cannot be locked
PAUSES = (0.02, 0.1, 0.3)  # seconds, where Windows has the target open somewhere (a virus scanner, an editor)
NO_SYNC = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP)  # "this kind of file system has no fsync"


def write(path: str | os.PathLike[str], content: bytes) -> Path:
    """`put`, and the path."""
    from pathlib import Path

    put(path, content)
    return Path(path)


def put(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file: first beside its place, then moved there in one step. What a killed process left is cleared away.

    A file that is replaced keeps its mode. A device or a pipe is written to as it is. Raises OSError, and then the old file is whole.
    """
    target = os.path.realpath(path)
    if os.path.exists(target) and not os.path.isfile(target):
        with open(path, "wb") as device:
            device.write(content)
        return
    _clear(target)
    try:
        temporary, file = _beside(target)
    except OSError as error:
        error.filename = os.fspath(path)  # the name that the caller knows
        raise
    try:
        try:
            file.write(content)
            file.flush()
            _sync(file)
            with suppress(OSError):  # a new file has the mode that open() gives; some file systems have none
                os.chmod(temporary, os.stat(target).st_mode & 0o777)
            if fcntl is not None:
                os.replace(temporary, target)  # the lock is held until it is no leftover any more
        finally:
            file.close()
        if fcntl is None:
            _replace(temporary, target)  # Windows moves no file that is open
    except BaseException:
        with suppress(OSError):
            os.chmod(temporary, 0o600)  # as read-only as the target, Windows would not remove it
            os.unlink(temporary)
        raise


def _beside(target: str) -> tuple[str, IO[bytes]]:
    """A new file in the same folder, open and locked."""
    while True:
        path = os.path.join(os.path.dirname(target), f"{_start(target)}{os.urandom(4).hex()}{ENDING}")
        file = open(path, "xb")  # noqa: SIM115
        if _locked(file) is not False and os.path.exists(path):
            return path, file
        file.close()  # somebody took it for a leftover in the moment before it was locked


def _start(target: str) -> str:
    return f".{os.path.basename(target)[:60]}."


def _locked(file: IO[Any]) -> bool | None:
    """Lock it: True, or False where another process has it; None where this system or file system has no locks."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return False if error.errno in (errno.EWOULDBLOCK, errno.EACCES) else None
    return True


def _clear(target: str) -> None:
    """Remove what killed processes left of this file: no living one has it locked (or, without locks, touched it lately)."""
    start, folder = _start(target), os.path.dirname(target)
    with suppress(OSError):
        names = [n for n in os.listdir(folder) if n.startswith(start) and n.endswith(ENDING)]
        for name in names:
            if len(name) == len(start) + 8 + len(ENDING):
                with suppress(OSError):
                    _clear_one(os.path.join(folder, name))


def _clear_one(path: str) -> None:
    locked = None
    if fcntl is not None:
        with open(path, "rb") as file:
            locked = _locked(file)
            if locked:
                os.unlink(path)
    if locked is None and time.time() - os.stat(path).st_mtime > OLD:
        os.unlink(path)  # Windows refuses while a living process has it open


def _sync(file: IO[bytes]) -> None:
    try:
        os.fsync(file.fileno())
    except OSError as error:
        if error.errno not in NO_SYNC:
            raise


def _replace(temporary: str, target: str) -> None:
    for pause in PAUSES:
        try:
            os.replace(temporary, target)
            return
        except PermissionError:
            time.sleep(pause)
    os.replace(temporary, target)

"""What an answer's process may not do, from the moment it is locked: an audit hook (PEP 578) and limits of the operating system.

Refused are: files outside its own folder (Python's own may be read), the network, other programs, foreign functions, signals to other
processes, native modules of its own. It keeps mistakes and the usual tricks in, and is **no wall** against an attacker: Python has ways
around any hook. Who runs strangers' code runs all of it in a container (Gradescope does). A grade does not rest on it: see `grader`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import ModuleType
from typing import Any

REFUSED = (
    "socket.", "subprocess.", "ctypes.", "winreg.", "_winapi.", "sqlite3.", "syslog.", "fcntl.", "pty.", "gc.get_", "ftplib.", "smtplib.",
    "http.client.", "urllib.", "imaplib.", "poplib.", "nntplib.", "telnetlib.", "webbrowser.", "ensurepip.", "resource.", "signal.",
    "os.exec", "os.fork", "os.spawn", "os.posix_spawn", "os.startfile", "os.system", "os.kill", "os.link", "os.symlink", "os.chown",
    "os.setxattr", "os.removexattr", "sys._current", "sys.remote_exec", "cpython.remote", "sys.addaudithook", "msvcrt.",
)  # fmt: skip
READS = ("os.listdir", "os.scandir", "os.chdir", "os.getxattr", "os.listxattr", "glob.glob", "os.walk", "os.fwalk")
WRITES = ("os.chmod", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.truncate", "os.utime", "os.chflags", "os.lockf")
LINUX = ("dev/urandom", "proc/cpuinfo", "proc/meminfo", "sys/devices/system/cpu")
NEEDED = (os.devnull, *(os.sep + path for path in LINUX))  # what NumPy and its kin look at
AGAIN = ("_posixsubprocess", "_ctypes", "_socket", "posix", "nt", "_multiprocessing", "_sqlite3")  # not to be imported anew
FORK = ("fork_exec", "fork", "forkpty", "kill", "killpg", "posix_spawn", "posix_spawnp", "system", "execv", "execve", "pidfd_open")
MEMORY = 4 << 30  # bytes
LARGEST = 20 << 20  # of a file that it writes


class Refusal(PermissionError):
    """What the answer is told: what it tried, and that it may not."""


def limit(seconds: float) -> None:
    """Processor time, memory, size of files, number of files, no core: by the operating system where it has such limits."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for name, most in (("CPU", int(seconds) + 2), ("AS", MEMORY), ("FSIZE", LARGEST), ("NOFILE", 256), ("CORE", 0)):
        with suppress(ValueError, OSError, AttributeError):
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (most, most))


def lock(folder: str, hidden: Sequence[str]) -> None:
    """From now on: only `folder` may be written and read, and Python's own files read, but none below a path of `hidden`."""
    _disarm()
    own = os.path.realpath(folder)
    python = {sys.prefix, sys.base_prefix, sys.exec_prefix, *(p for p in sys.path if p), os.path.dirname(os.__file__)}
    readable = tuple(sorted({os.path.realpath(p) for p in python} | {os.path.abspath(p) for p in python}))
    sys.addaudithook(_hook(own, readable, tuple(os.path.realpath(h) for h in hidden)))


def _disarm() -> None:
    """What starts programs without telling the hook is taken out of the modules that are loaded."""

    def refused(*args: Any, **more: Any) -> Any:
        raise Refusal("an answer may not start or stop programs")

    modules: list[ModuleType | None] = [sys.modules.get(name) for name in ("os", "posix", "nt", "_posixsubprocess")]
    for module in modules:
        for name in FORK:
            if module is not None and hasattr(module, name):
                setattr(module, name, refused)
    for module_name, names in (("subprocess", ("_fork_exec", "_winapi")), ("ctypes", ("memmove", "memset", "cast", "pythonapi"))):
        for name in names:
            if module_name in sys.modules and hasattr(sys.modules[module_name], name):
                setattr(sys.modules[module_name], name, refused)


# The hook. All that it and its helpers call is bound beforehand: an answer that changes builtins or `os.path` changes nothing in it.


def _below() -> Callable[[str, tuple[str, ...]], bool]:
    """Whether a path is one of some folders, or in one."""
    startswith, separator = str.startswith, os.sep

    def below(path: str, folders: tuple[str, ...]) -> bool:
        for folder in folders:  # noqa: SIM110 - any() could be another one by then
            if path == folder or startswith(path, folder + separator):
                return True
        return False

    return below


def _plain() -> Callable[[Any], str]:
    """An absolute path without dots; the folder has no links to elsewhere, for none can be made."""
    _isinstance, _str, _bytes, separator, cwd, windows = isinstance, str, bytes, os.sep, os.getcwd, os.name == "nt"
    startswith, split, join, decode = str.startswith, str.split, str.join, bytes.decode

    def plain(path: Any) -> str:
        if _isinstance(path, _bytes):
            path = decode(path, "utf-8", "surrogateescape")
        if not _isinstance(path, _str):
            return separator
        if windows:
            path = join(separator, split(path, "/"))
        whole = path if startswith(path, separator) or (windows and path[1:2] == ":") else join(separator, (cwd(), path))
        kept: list[str] = []
        for part in split(whole, separator):
            if part == "..":
                kept = kept[:-1]
            elif part not in ("", "."):
                kept = [*kept, part]
        return ("" if windows else separator) + join(separator, kept)

    return plain


def _opened(own: str, readable: tuple[str, ...], hidden: tuple[str, ...]) -> Callable[[Any, Any, Any], bool]:
    """Whether a file may be opened: (path, mode, flags) of the event."""
    below, plain, needed, nothing, _isinstance, _int, _str, _type = _below(), _plain(), NEEDED, os.devnull, isinstance, int, str, type
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

    def may(path: Any, mode: Any, flags: Any) -> bool:
        if _type(path) is _int:
            return True
        place = plain(path)
        if below(place, (own,)) or place == nothing:
            return True
        write = _isinstance(flags, _int) and flags & writing
        if _isinstance(mode, _str):
            for letter in "wax+":
                write = write or letter in mode
        return not write and (below(place, readable) or below(place, needed)) and not below(place, hidden)

    return may


def _hook(own: str, readable: tuple[str, ...], hidden: tuple[str, ...]) -> Callable[[str, tuple[Any, ...]], None]:
    may, below, plain = _opened(own, readable, hidden), _below(), _plain()
    _isinstance, _str, _int, _refusal, _type, startswith, endswith = isinstance, str, int, Refusal, type, str.startswith, str.endswith
    refused, reads, writes, again, natives = REFUSED, READS, WRITES, AGAIN, (".so", ".pyd", ".dll", ".dylib")

    def imported(name: Any, file: Any) -> None:
        if name in again:
            raise _refusal(f"an answer may not import {name}")
        if _isinstance(file, _str) and endswith(file, natives) and below(plain(file), (own,)):
            raise _refusal("an answer may not import a native module of its own")

    def looked(path: Any) -> None:
        place = plain("." if path is None else path)
        if _type(path) is not _int and (below(place, hidden) or not below(place, (own, *readable))):
            raise _refusal(f"an answer may not look into {path!r:.80}")

    def changed(paths: Any) -> None:
        for path in paths:
            if _type(path) is not _int and not below(plain(path), (own,)):
                raise _refusal(f"an answer may not change {path!r:.80}")

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            if not may(args[0], args[1], args[2]):
                raise _refusal(f"an answer may not open {args[0]!r:.80}")
        elif event == "import":
            imported(args[0], args[1])
        elif startswith(event, refused):
            raise _refusal(f"an answer may not do this: {event}")
        elif event in reads:
            looked(args[0] if args else None)
        elif event in writes:
            changed(args[:2] if event == "os.rename" else args[:1])

    return hook

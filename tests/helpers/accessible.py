"""axe-core, the checker of accessible pages: one pinned version from npm, kept in the user's cache, and what it says of a page."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
from functools import cache
from pathlib import Path

import pytest

VERSION = "4.14.1"
SHA512 = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="


@cache
def source() -> str:
    """The script; skips the test, and says why, where it is not in the cache and npm is not there to fetch it."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "micrograd-lab-tests"
    kept = home / f"axe-core-{VERSION}.tgz"
    if not kept.is_file():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip(f"axe-core {VERSION} is fetched by npm, and there is none")
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([npm, "pack", f"axe-core@{VERSION}", "--silent"], cwd=folder, capture_output=True, encoding="utf-8")
            if done.returncode:
                pytest.skip(f"npm could not fetch axe-core: {(done.stderr.strip().splitlines() or ['it said nothing'])[-1]}")
            home.mkdir(parents=True, exist_ok=True)
            shutil.move(Path(folder) / kept.name, kept)
    digest = base64.b64encode(hashlib.sha512(kept.read_bytes()).digest()).decode()
    if digest != SHA512:
        kept.unlink()
        raise RuntimeError(f"{kept.name} is not the one that was pinned")
    with tarfile.open(kept) as archive:
        file = archive.extractfile("package/axe.min.js")
        assert file is not None
        return file.read().decode()


def violations(page, **options) -> list[str]:
    """What breaks a rule on the page as it stands, all impacts and all rules of axe's: one line a rule, with the first places."""
    page.evaluate(source())
    found = page.evaluate("options => axe.run(document, {resultTypes: ['violations'], ...options}).then(r => r.violations)", options)
    return [f"{v['id']} ({v['impact']}): {v['help']}: {[node['target'][0] for node in v['nodes'][:4]]}" for v in found]

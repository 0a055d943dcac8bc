"""The modules of ``viz/static`` under Node: as a page has them, put together by ``viz.bundle``."""

import json
import shutil
import subprocess

import pytest

from viz.bundle import script


def program(modules, code, data=None, change=None):
    """``code`` as one JavaScript module that sees each of ``modules`` by its name, and ``data``. change: (old, new) planted in it."""
    parts, seen = [], set()
    for module in modules.split():
        for block in script(module).split("\nconst stepper_"):
            head, _, _ = block.partition(" = ")
            if head not in seen:
                seen.add(head)
                parts.append(block if block.startswith("const mgCSS") else f"const stepper_{block}")
    whole = "\n".join(parts)
    if change:
        assert whole.count(change[0]) == 1, change[0]
        whole = whole.replace(*change)
    return f"{whole}\nconst data = {json.dumps(data)};\n{code}\n"


def run(modules, code, data=None, change=None):
    """What ``code`` logs as JSON, a line a value."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    whole = "const document = { createElement: () => ({ getContext: () => ({}) }) };\n" + program(modules, code, data, change)
    ran = subprocess.run(["node", "--input-type=module"], input=whole, capture_output=True, text=True, encoding="utf-8")
    assert ran.returncode == 0, ran.stderr
    return [json.loads(line) for line in ran.stdout.splitlines()]

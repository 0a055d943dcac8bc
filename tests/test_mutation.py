"""The driver of mutation testing: its groups exist, and a changed line is led back to the rows that it belongs to."""

from pathlib import Path

import pytest

pytest.importorskip("resource")
ROOT = Path(__file__).resolve().parent.parent

import mutation  # noqa: E402


@pytest.mark.parametrize("name", mutation.GROUPS)
def test_groups_name_files_and_tests_that_are_there(name):
    files, tests = mutation.GROUPS[name]
    assert all(list(ROOT.glob(pattern)) for pattern in files.split())
    assert [test for test in tests.split() if not list(ROOT.glob(f"tests/*/{test}.py"))] == []
    assert len(set(tests.split())) == len(tests.split())


@pytest.mark.parametrize(
    ("file", "line", "rows"),
    [
        ("table", "rules.valid(y, div(known.BY_LOG_2, abs_(x))),), formula=", ["log2"]),
        ("table", "lambda x: x if x > 0.0 or x != x else 0.0", ["relu"]),
        ("table", "_TIE = (Kink((1.0, 1.0)", []),
        ("rules", "table.div(table.div(a * -up, b), b) * down", ["div"]),
    ],
)
def test_a_changed_line_belongs_to_rows(file, line, rows, tmp_path, monkeypatch):
    (tmp_path / "micrograd/ops").mkdir(parents=True)
    for name in ("table", "rules"):
        (tmp_path / f"micrograd/ops/{name}.py").write_text((ROOT / f"micrograd/ops/{name}.py").read_text())
    monkeypatch.chdir(tmp_path)
    server = mutation.Server({"table": "ops"}.get(file, file))
    assert server.rows() == []
    path = Path(f"micrograd/ops/{file}.py")
    text = path.read_text()
    assert line in text
    path.write_text(text.replace(line, "_" + line))
    assert server.rows() == rows


def test_what_changed_is_told_in_one_line():
    diff = "--- mutation diff ---\n--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-    return a + b\n+    return a - b\n"
    assert mutation.mutant({"module_path": "x.py", "start_pos": [7, 4]}, diff) == "x.py:7: return a + b → return a - b"

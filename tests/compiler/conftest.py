"""Compiled code is kept apart from the machine's own, and shared by the tests of a run. C is asked for by name: the rest is as without."""

import pytest


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("MICROGRAD_CACHE", str(tmp_path_factory.getbasetemp() / "micrograd"))
    monkeypatch.setenv("MICROGRAD_CC", "")


@pytest.fixture
def c_compiler(monkeypatch):
    """The machine's C compiler; the test is skipped where there is none."""
    from micrograd.compiler.native import cc

    monkeypatch.delenv("MICROGRAD_CC")
    if cc.compiler() is None:
        pytest.skip("no C compiler")

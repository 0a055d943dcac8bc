"""Verify: that every address is in its pool, and every slot written before it is read."""

from __future__ import annotations

from micrograd.compiler.program.ir import Program


def verify(program: Program) -> tuple[Program, str]:
    """ValueError where it is not so (see `Program.verify`)."""
    return program.verify(), "every address is in its pool, and written before it is read"

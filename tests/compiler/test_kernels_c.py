"""The kernels of the C code against sums in long double: every way that rows, terms and lanes may fit vectors or be left over."""

from __future__ import annotations

import ctypes
import itertools
from typing import Any

import pytest

pytest.importorskip("numpy")

import numpy as np

from micrograd.compiler.braces.lanes import KERNELS, LANES
from micrograd.compiler.native import cc

pytestmark = pytest.mark.usefixtures("c_compiler")

SIZES = (1, 3, 8, 13, 17, 40)  # below a vector of 8, whole ones, some left over, after two
LIMITS = ((0, 1), (1, 1), (9, 1), (0, 2), (3, 0), (50, 3))  # term k counts from lane first + rise k on
CANARY = 7.25

EXPORTS = """
void product_of(int rows, int K, int n, double *out, int out_r, const double *a, int a_r, int a_k, const double *b, int b_k,
                int add, double begin) { product(rows, K, n, out, out_r, a, a_r, a_k, b, b_k, add, begin); }
void product_from_of(int rows, int K, int n, double *out, int out_r, const double *a, int a_r, int a_k, const double *b, int b_k,
                     int add, double begin, int first, int rise) {
    product_from(rows, K, n, out, out_r, a, a_r, a_k, b, b_k, add, begin, first, rise);
}
void contract_of(int rows, int columns, int n, double *out, int out_r, int out_s, const double *a, int a_r, const double *b, int b_s,
                 int add, double begin, int first, int rise) {
    contract(rows, columns, n, out, out_r, out_s, a, a_r, b, b_s, add, begin, first, rise);
}
void totals_of(int rows, int n, double *out, int out_r, const double *a, int a_r, int add, double begin) {
    total_of(rows, n, out, out_r, a, a_r, add, begin);
}
"""


def built(change: tuple[str, str] = ("", "")) -> Any:
    """The kernels as a library; change: a planted fault."""
    text = "".join(["#include <math.h>\n#include <stdint.h>\n#include <string.h>\n", LANES, *KERNELS.values(), EXPORTS])
    assert change[0] in text
    return cc.load(text.replace(*change) if change[0] else text, "kernels")


def call(f: Any, *arguments: Any) -> None:
    as_c = {int: ctypes.c_int, float: ctypes.c_double}
    f(*[as_c[type(x)](x) if type(x) in as_c else cc.pointer(x) for x in arguments])


def wrong(library: Any) -> list[tuple[Any, ...]]:
    """The calls whose results, or the numbers beside them, are not as they should be."""
    found = []
    draw = np.random.default_rng(1)
    for rows, middle, n, add in itertools.product(SIZES, SIZES, SIZES, (0, 1)):
        a, b = draw.normal(size=(rows, middle)), draw.normal(size=(middle, n))
        a[0], first = -0.0, np.abs(b[:, 0]).copy()  # sums of -0 alone
        b[:, 0] = first
        for name in ("product", "contract", "contract the other way"):
            width = n + 2
            out = np.full((rows, width), CANARY)
            out[:, 1:-1] = before = draw.normal(size=(rows, n)) if add else np.nan
            place = out.ravel()[1:]
            if name == "product":
                call(library.product_of, rows, middle, n, place, width, a, middle, 1, b, n, add, -0.0)
            elif name == "contract":
                call(library.contract_of, rows, n, middle, place, width, 1, a, middle, np.ascontiguousarray(b.T), middle, add, -0.0, 0, 0)
            else:
                call(library.contract_of, n, rows, middle, place, 1, width, np.ascontiguousarray(b.T), middle, a, middle, add, -0.0, 0, 0)
            exact = np.asarray(a.astype(np.longdouble) @ b.astype(np.longdouble) + (before if add else 0), dtype=float)
            most = np.abs(a) @ np.abs(b) + (np.abs(before) if add else 0)
            close = bool((np.abs(out[:, 1:-1] - exact) <= 1e-15 * (middle + 1) * most).all())
            sign = add or bool(np.signbit(out[0, 1]))
            if not (close and sign and (out[:, 0] == CANARY).all() and (out[:, -1] == CANARY).all()):
                found.append((name, rows, middle, n, add))
    found += [
        (*case, limit)
        for case, limit in itertools.product(itertools.product(SIZES, SIZES, SIZES, (0, 1)), LIMITS)
        if late(library, *case, *limit)
    ]
    for rows, n, add in itertools.product(SIZES, SIZES, (0, 1)):
        a, out = draw.normal(size=(rows, n)), np.ones(rows)
        call(library.totals_of, rows, n, out, 1, a, n, add, -0.0)
        if not np.allclose(out - add, a.sum(axis=1), rtol=0, atol=1e-13):
            found.append(("total", rows, n, add))
    return found


def late(library: Any, rows: int, steps: int, n: int, add: int, first: int, rise: int) -> bool:
    """Whether sums whose terms count from a later lane on are wrong, of each kernel; what does not count is nan, and met by infinity."""
    draw = np.random.default_rng(2)
    counts = np.arange(n) >= first + rise * np.arange(steps)[:, None]
    x = draw.normal(size=(steps, n))
    shown = np.where(counts, x, np.nan)
    a, before = draw.normal(size=(rows, steps)), draw.normal(size=(rows, n))
    out = before.copy() if add else np.full((rows, n), np.nan)
    call(library.product_from_of, rows, steps, n, out, n, a, steps, 1, shown, n, add, -0.0, first, rise)
    wrong = not np.allclose(out, a @ np.where(counts, x, 0.0) + before * add, rtol=1e-13, atol=1e-13)
    y, over = draw.normal(size=(rows, n)), draw.normal(size=(rows, steps))
    if first:
        y[:, 0] = np.inf  # no sum has it
    out = over.copy() if add else np.full((rows, steps), np.nan)
    call(library.contract_of, rows, steps, n, out, steps, 1, y, n, shown, n, add, -0.0, first, rise)
    y[:, 0] = 0.0 if first else y[:, 0]
    return wrong or not np.allclose(out, y @ np.where(counts, x, 0.0).T + over * add, rtol=1e-13, atol=1e-13)


def test_kernels_are_sums_of_products() -> None:
    assert wrong(built()) == []


@pytest.mark.parametrize(
    "fault",
    [
        (">= LANES - left", "> LANES - left"),
        ("left && add ? last_of(left, sum[r][c], *place) : sum[r][c]", "sum[r][c]"),
        ("product(rows, n, columns, out, out_r, a, a_r, 1, turned", "product(rows, n - 1, columns, out, out_r, a, a_r, 1, turned"),
        ("fill(-0.0);", "fill(0.0);"),
        ("{NUMBERS} >= first + rise * k - at", "{NUMBERS} >= first + rise * k - at - 1"),
        ("{NUMBERS} >= first + rise * s - at", "{NUMBERS} >= first + rise * s - at - 1"),
        ("k < K && first + rise * k <= at;", "k < K && first + rise * k <= at + 1;"),
        ("i < first + rise * (S - 1) && i < n;", "i < first + rise * (S - 2) && i < n;"),
    ],
    ids=[
        "lanes left over",
        "what was added twice",
        "turned",
        "signs",
        "a term too soon",
        "a column too soon",
        "a step too soon",
        "a tile too soon",
    ],
)
def test_a_planted_fault_is_found(fault: tuple[str, str]) -> None:
    assert wrong(built(fault))

"""One formatter of numbers and one way of shortening names, in two languages: what Python shows, the page shows.

``shown_numbers.json`` holds what both must write; Python is held to it here, the page's code under Node, and both at random numbers too.
A wanted change writes it anew: ``python tests/stepper/test_numbers.py``.
"""

import json
import math
import random
from pathlib import Path

import pytest

from node import run
from viz.notation.numbers import show
from viz.stepped.fitting import shorten

FIXTURES = Path(__file__).with_name("shown_numbers.json")
NUMBERS = [
    0.0, -0.0, 1.0, -1.0, 0.5, 1 / 3, -2 / 3, 1e-4, 9.9995e-5, 0.00015, 7.373e-5, -1.23456e-7, 5e-324, 2.2250738585072014e-308, 12.0, 999.0,
    1000.4, 9999.5, 99995.0, 123456.0, 123456.7, 999999.0, 999999.5, 1e6, 1234567.0, 1e21, 1e22, -1.5e300, 1.7976931348623157e308, 0.1,
    0.07, 2.675, 1.0005, 1.00049999999, 0.00099995, 1.0625, 0.12345, 1.23455, math.pi, math.inf, -math.inf, math.nan,
]  # fmt: skip
NAMES = [
    "a",
    "loss",
    "layers[0].neurons[3].w[1]",
    "parameters ×337",
    "forward_cells[0] #12 ×30",
    "x1*w1+x2*w2",
    "é" * 30,
    "a.b.c.d.e.f",
    "×2",
    "",
    "a long name\nof two lines",
    "parameters ×337\n",
]
WIDTHS = (3, 8, 13, 14, 16)


def plain(x):
    return x if math.isfinite(x) else repr(x)


def shown():
    return {
        "numbers": [[plain(x), show(x)] for x in NUMBERS],
        "names": [[name, most, shorten(name, most)] for name in NAMES for most in WIDTHS],
    }


def page(numbers, names, change=None):
    code = """
    const number = (x) => (typeof x === "string" ? { nan: NaN, inf: Infinity, "-inf": -Infinity }[x] : x);
    const { fmt, shorten } = stepper_math;
    console.log(JSON.stringify([data.numbers.map((x) => fmt(number(x))), data.names.map(([n, m]) => shorten(n, m))]));
    """
    (found,) = run("stepper_math", code, {"numbers": [plain(x) for x in numbers], "names": names}, change)
    return found


def test_python_shows_the_fixtures():
    assert json.loads(FIXTURES.read_text(encoding="utf-8")) == shown()


def test_the_page_shows_the_fixtures():
    told = json.loads(FIXTURES.read_text(encoding="utf-8"))
    numbers, names = page([float(x) for x, _ in told["numbers"]], [[n, m] for n, m, _ in told["names"]])
    assert numbers == [text for _, text in told["numbers"]]
    assert names == [text for *_, text in told["names"]]


def test_both_show_random_numbers_alike():
    rng = random.Random(0)
    xs = [rng.choice((-1, 1)) * rng.uniform(1, 10) * 10.0 ** rng.randint(-310, 300) for _ in range(2000)]
    xs += [round(rng.uniform(-1e6, 1e6), k) for k in range(7) for _ in range(300)]
    xs += [rng.randint(1, 99999) / 10 ** rng.randint(0, 9) + 5 * 10.0 ** -rng.randint(4, 9) for _ in range(2000)]
    assert page(xs, [])[0] == [show(x) for x in xs]


@pytest.mark.parametrize("change", [("toPrecision(4)", "toPrecision(5)"), ("a < 1e-4", "a < 1e-3"), ('"−0"', '"0"')])
def test_a_change_in_one_language_is_seen(change):
    assert page(NUMBERS, [], change)[0] != [show(x) for x in NUMBERS]


def test_a_count_has_commas_in_the_page_as_in_python():
    counts = [0, 7, 12, 999, 1000, 1001, 65612, 999999, 1000000, 123456789, *(random.Random(3).randrange(10**k) for k in range(1, 12))]
    (found,) = run("stepper_math", "console.log(JSON.stringify(data.map((n) => stepper_math.counted(n))));", counts)
    assert found == [f"{n:,}" for n in counts]


if __name__ == "__main__":
    FIXTURES.write_text(json.dumps(shown(), ensure_ascii=False, indent=0) + "\n", encoding="utf-8")

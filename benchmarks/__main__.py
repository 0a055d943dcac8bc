"""`python -m benchmarks [part …] [--rounds N]`: measure all or a part; write results.json, results.md and chart.svg."""

from __future__ import annotations

import argparse
import datetime
import json
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from benchmarks import chart, compiled, eager, printed, report, waits
from benchmarks.process import machine

FOLDER = Path(__file__).parent
PEERS = ("torch", "jax", "autograd", "tinygrad", "propgrad", "scalargrad", "xad", "casadi", "ddx-ad")
PARTS = {"eager": eager.measure, "waits": waits.measure, **compiled.SECTIONS, **printed.PARTS}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; compiled: from steps to first; nothing: all")
    parser.add_argument("--rounds", type=int, default=3, help="fresh processes for each figure (3)")
    parser.add_argument("--report", action="store_true", help="measure nothing: write tables and chart of results.json again")
    arguments = parser.parse_args()
    wanted = [p for part in arguments.parts for p in (compiled.SECTIONS if part == "compiled" else [part])]
    unknown = set(wanted) - set(PARTS)
    if unknown:
        parser.error(f"no part {', '.join(unknown)}; there are compiled, {', '.join(PARTS)}")
    path = FOLDER / "results.json"
    results = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for part in [] if arguments.report else wanted or PARTS:
        figures = PARTS[part](arguments.rounds)
        about = {
            "date": datetime.date.today().isoformat(),
            **machine(),
            "load": printed.load(),
            "rounds": arguments.rounds,
            "versions": versions(),
        }
        results[part] = {"measured": about, "figures": figures}
        path.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    text = report.whole(results)
    (FOLDER / "results.md").write_text(text, encoding="utf-8")
    print(text)
    if "steps" in results and find_spec("matplotlib"):
        chart.draw({part: found["figures"] for part, found in results.items()}, FOLDER / "chart.svg")


def versions() -> dict[str, str]:
    """Of the peers that are installed."""
    found = {}
    for name in ("numpy", "numba", *PEERS):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


if __name__ == "__main__":
    main()

"""`python -m benchmarks [eager] [compiled] [--rounds N]`: measure, and write results.json, results.md and the chart."""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from pathlib import Path

from benchmarks import eager
from benchmarks.process import machine

FOLDER = Path(__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=["eager", []], help="all when none is named")
    parser.add_argument("--rounds", type=int, default=3, help="fresh processes for each figure")
    arguments = parser.parse_args()
    path = FOLDER / "results.json"
    results = json.loads(path.read_text()) if path.exists() else {}
    measured = {"date": datetime.date.today().isoformat(), **machine()}
    results["eager"] = {"measured": measured, "figures": eager.measure(arguments.rounds)}
    path.write_text(json.dumps(results, indent=1) + "\n")
    print(eager.report(results["eager"]["figures"]))


if __name__ == "__main__":
    sys.exit(main())

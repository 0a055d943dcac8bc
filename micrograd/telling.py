"""What the table says to those who cannot import it: `python -m micrograd.telling` writes `viz/notation/rows.json`.

One JSON object a row: name, symbol, arity (null: any number), precedence, what Python calls it as an operator, its form in typeset
mathematics, names and defaults of its constants, the formula of each partial derivative, and whether there are kinks. viz reads it for
other people's classes.
"""

from __future__ import annotations

import json
from math import isfinite
from pathlib import Path

from micrograd.ops import TABLE


def told() -> str:
    """The table as JSON, a line a row."""
    rows = [
        {
            "name": op.name, "symbol": op.symbol, "arity": op.arity, "precedence": op.precedence,
            "operator": op.operator, "typeset": op.typeset, "constants": op.constants,
            "defaults": [x if isfinite(x) else f"{x:f}".replace("inf", "Infinity") for x in op.defaults], "formula": op.formula,
            "kinks": bool(op.kinks),
        }
        for op in TABLE.values()
    ]  # fmt: skip
    return "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n"


if __name__ == "__main__":
    place = Path(__file__).parent.parent / "viz" / "notation" / "rows.json"
    place.write_text(told(), encoding="utf-8")
    print(f"{place}: {len(TABLE)} rows")

"""The lab and the moons' stepper in Firefox and in WebKit, as `benchmarks.lab` does in Chromium: `python -m benchmarks.browsers [rounds]`.

Needs a checkout (its tests' drivers), selenium, and Debian's firefox-esr, webkit2gtk-driver and xvfb; a browser that is not there is left
out, aloud. Each start is in a browser of its own, from a file, without a network. The clock is the page's own, from the start of loading;
the processor time is that of all the browser's processes. Least of the rounds; the load of the machine stands at the end.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import viz
from benchmarks.frontend import MEASURE, moons
from benchmarks.lab import KEY, SIZES
from micrograd.lab import page as lab_page

sys.path.append(os.fspath(Path(__file__).parent.parent / "tests/helpers"))
TICK = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
HEAD = "from micrograd import Value\n"


def processor(pid: int) -> float:
    """Seconds of processor time of a process and all that it has started."""
    parents, times = {}, {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        parents[int(entry.parent.name)], times[int(entry.parent.name)] = int(fields[1]), sum(map(int, fields[11:15]))

    def ours(one: int) -> bool:
        while one > 1 and one != pid:
            one = parents.get(one, 0)
        return one == pid

    return sum(ticks for one, ticks in times.items() if ours(one)) / TICK


def told(name: str, found: list[tuple[float, float]], unit: float = 1.0) -> None:
    wall, used = (min(values) * unit for values in zip(*found, strict=True))
    print(f"  {name:<38} {wall:7.0f} ms, processor {used:6.0f} ms, of {len(found)}", flush=True)


def starts(make: Any, path: Path, rounds: int) -> Any:
    """The browser of the last round, its lab live."""
    editor, live = [], []
    for k in range(rounds):
        engine = make()
        begun = processor(engine.pid)
        engine.open(path.as_uri(), "html[data-lab]")
        editor.append((engine.ask("performance.now()"), 1e3 * (processor(engine.pid) - begun)))
        engine.until("document.documentElement.dataset.run !== undefined")
        live.append((engine.ask("performance.now()"), 1e3 * (processor(engine.pid) - begun)))
        if k < rounds - 1:
            engine.close()
    told("editor usable", editor)
    told("live", live)
    return engine


def keys(engine: Any, rounds: int) -> None:
    engine.ask("(() => { const s = document.querySelector('.lab-limit'); s.value = '120'; s.dispatchEvent(new Event('change')); })()")
    time.sleep(8)  # the second worker has started
    for size, program in SIZES.items():
        found = []
        for k in range(3 if size == "65,000" else 12):
            begun = processor(engine.pid)
            took = engine.ask(KEY, f"{HEAD}{program}# {k}")
            found.append((took, 1e3 * (processor(engine.pid) - begun)))
        told(f"last key to picture, {size} values", found[1:])


def main(rounds: int) -> None:
    import engines

    stepper = viz.step(moons(), names=False)
    leaf = next(i for i, value in enumerate(stepper.trace.values) if not value.args)
    with tempfile.TemporaryDirectory() as folder:
        stepper.save(Path(folder) / "moons.html")
        pages = {"lab": lab_page.build()[0], "lab --small": lab_page.build(small=True)[0]}
        for name, make in engines.ENGINES.items():
            for kind, content in pages.items():
                path = Path(folder) / f"{name}.html"
                path.write_bytes(content)
                print(f"{name}, {kind}: {len(content) / 1e6:.1f} MB", flush=True)
                try:
                    engine = starts(make, path, rounds)
                except engines.Missing as missing:
                    print(f"  left out: {missing}")
                    break
                if kind == "lab":
                    keys(engine, rounds)
                    engine.open((Path(folder) / "moons.html").as_uri())
                    begun = processor(engine.pid)
                    times = engine.ask(MEASURE, [leaf, 60])["change"]
                    used = (processor(engine.pid) - begun) / (60 + 20)
                    middle = sorted(times)[len(times) // 2]
                    print(f"  what-if, {len(stepper.trace.values):,} values, a change: least {min(times):.1f} ms, median {middle:.1f}")
                    print(f"  the same with painting, processor {1e3 * used:.1f} ms")
                engine.close()
    print(f"load of the machine: {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)

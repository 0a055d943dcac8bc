"""The lab as a page of the site, where what it is made of is at hand."""

from __future__ import annotations

from micrograd.lab import page, runtime
from micrograd.site.house import House

LAB = "lab.html"


def lab(house: House) -> str:
    """Write the lab's page, the small one, which a visitor has sooner; gives "" or what is missing, in a sentence."""
    try:
        content, _ = page.build(small=True)
    except (runtime.Missing, RuntimeError, OSError) as why:
        return str(why)
    house.put(LAB, content)
    return ""

"""Waiting for a condition in a page whose policy lets no text run as code (Playwright's wait_for_function needs that)."""

from __future__ import annotations

import time
from typing import Any


def until(page: Any, code: str, seconds: float = 60) -> Any:
    """Ask an expression again and again until it is true; what it is then."""
    end = time.monotonic() + seconds
    while not (found := page.evaluate(code)):
        if time.monotonic() > end:
            raise AssertionError(f"never: {code}\n{page.locator('body').inner_text()[:2000]}")
        page.wait_for_timeout(20)
    return found


def styled(page: Any, css: str) -> None:
    """Give a page one style sheet more; a policy says nothing of those that a script constructs."""
    add = "document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]"
    page.evaluate(f"css => {{ const sheet = new CSSStyleSheet(); sheet.replaceSync(css); {add}; }}", css)

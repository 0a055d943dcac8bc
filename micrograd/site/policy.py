"""A content security policy for each page: its own scripts by their digests, its own files, and nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

_SCRIPT = re.compile(r"<script\b([^>]*)>(.*?)</script>", re.S | re.I)
_HEAD = re.compile(r"<head\b[^>]*>", re.I)
RUN = re.compile(r"\btype=[\"']?(?!module|text/javascript|application/javascript)[\w/+.-]", re.I)  # a script of another type is data


def guard(page: Path) -> None:
    """Write the policy into the head of a page that has none."""
    text = page.read_text(encoding="utf-8")
    if "Content-Security-Policy" not in text:
        meta = f'<meta http-equiv="Content-Security-Policy" content="{policy(text)}">'
        page.write_text(_HEAD.sub(lambda head: f"{head[0]}\n{meta}", text, count=1), encoding="utf-8")


def policy(text: str) -> str:
    """The policy of a page.

    >>> policy("<script>1</script>").split("; ")[1]
    "script-src 'self' 'sha256-a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s='"
    """
    inline = [body for attributes, body in _SCRIPT.findall(text) if "src=" not in attributes and not RUN.search(attributes)]
    digests = dict.fromkeys(base64.b64encode(hashlib.sha256(body.encode()).digest()).decode() for body in inline)
    scripts = " ".join(["'self'", *(f"'sha256-{digest}'" for digest in digests)])
    return (
        f"default-src 'none'; script-src {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; media-src 'self'; "
        "frame-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'"
    )

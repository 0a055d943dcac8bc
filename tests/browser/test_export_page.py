"""The JavaScript form of a compiled loss trains in a page, by itself."""

import json

import pytest

from micrograd import optim
from micrograd.export import to_js

pytest.importorskip("numpy")
from export_models import digits, near

pytestmark = pytest.mark.browser


def test_it_trains_in_a_page(page, tmp_path):
    step, model, args = digits(False)
    step(*args)
    optimizer = optim.Adam(model.parameters(), lr=0.02)
    text = to_js(step, optimizer=optimizer)
    losses = step.train(optimizer, args, 25)
    use = "const q = start.slice(), s = fresh(), losses = Array.from({ length: 25 }, () => train(q, args, s));"
    use += "document.title = JSON.stringify(losses);"
    (tmp_path / "page.html").write_text(f'<meta charset="utf-8"><script type="module">{text}{use}</script>', encoding="utf-8")
    page.goto((tmp_path / "page.html").as_uri())
    page.wait_for_function("document.title.startsWith('[')", timeout=20000)
    near(json.loads(page.title()), losses, 1e-11)

"""The JavaScript form of a compiled loss trains in a page, by itself; in WebAssembly where the page's policy lets it."""

import json

import pytest

from micrograd import optim
from micrograd.export import to_js

pytest.importorskip("numpy")
from export_models import digits, near
from waiting import until

pytestmark = pytest.mark.browser

USE = """\
const q = start.slice(), s = fresh();
if (ask) use(ask);
document.title = JSON.stringify([engine, Array.from({ length: 25 }, () => train(q, args, s))]);
"""


@pytest.mark.parametrize(
    ("policy", "ask", "engine"),
    [
        ("", "", "wasm"),
        ("script-src 'unsafe-inline' 'wasm-unsafe-eval'", "", "wasm"),
        ("script-src 'unsafe-inline'", "", "js"),
        ("", "js", "js"),
    ],
)
def test_it_trains_in_a_page(page, tmp_path, policy, ask, engine):
    step, model, args = digits(False)
    step(*args)
    optimizer = optim.Adam(model.parameters(), lr=0.02)
    text = to_js(step, optimizer=optimizer)
    losses = step.train(optimizer, args, 25)
    head = '<meta charset="utf-8">'
    head += f'<meta http-equiv="Content-Security-Policy" content="{policy}">' if policy else ""
    script = f'<script type="module">{text}const ask = "{ask}";\n{USE}</script>'
    (tmp_path / "page.html").write_text(head + script, encoding="utf-8")
    page.goto((tmp_path / "page.html").as_uri())
    found, trained = json.loads(until(page, "document.title.startsWith('[') && document.title"))
    assert found == engine
    near(trained, losses, 1e-11)

"""Right training loops in several styles, and rules that make one mistake in them: (name, what is replaced, by what)."""

from __future__ import annotations

from typing import NamedTuple

ENGINE = """
class Scalar:
    def __init__(self, data, prev=()):
        self.data, self.grad, self.prev, self.push = data, 0.0, prev, None

    def __add__(self, other):
        other = other if isinstance(other, Scalar) else Scalar(other)
        out = Scalar(self.data + other.data, (self, other))
        def push():
            self.grad += out.grad
            other.grad += out.grad
        out.push = push
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Scalar) else Scalar(other)
        out = Scalar(self.data * other.data, (self, other))
        def push():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out.push = push
        return out

    def backward(self):
        order, seen = [], set()
        def visit(v):
            if v not in seen:
                seen.add(v)
                for x in v.prev:
                    visit(x)
                order.append(v)
        visit(self)
        self.grad = 1.0
        for v in reversed(order):
            if v.push:
                v.push()
"""
BY_HAND = """
from micrograd import Value
xs = [0.5, -1.0, 2.0, 1.5]
ys = [2.0, -1.0, 5.0, 4.0]
w, b = Value(0.3), Value(-0.2)
lr = 0.02
for epoch in range(12):
    loss = Value(0.0)
    for x, y in zip(xs, ys):
        error = w * x + b - y
        loss = loss + error * error
    w.grad = b.grad = 0.0
    loss.backward()
    for p in (w, b):
        p.data -= lr * p.grad
"""
WITH_OPTIMIZER = """
import random
from micrograd import nn, optim
random.seed(1)
xs = [[0.5, 1.0], [-1.0, 0.3], [2.0, -0.7], [1.5, 0.2]]
ys = [1.0, -1.0, 1.0, -1.0]
model = nn.MLP(2, [4, 1])
optimizer = optim.SGD(model.parameters(), lr=0.05)
for step in range(12):
    predictions = [model(x) for x in xs]
    loss = sum((p - y) ** 2 for p, y in zip(predictions, ys))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""
OWN_ENGINE = (
    ENGINE
    + """
xs = [0.5, -1.0, 2.0]
ys = [2.0, -1.0, 5.0]
w, b = Scalar(0.3), Scalar(-0.2)
learning_rate = 0.03
for k in range(12):
    total = Scalar(0.0)
    for i in range(len(xs)):
        d = w * xs[i] + b + (-ys[i])
        total = total + d * d
    total.backward()
    for p in [w, b]:
        p.data = p.data - learning_rate * p.grad
    for p in [w, b]:
        p.grad = 0.0
"""
)
SAMPLES = """
from micrograd import Value
data = [(0.5, 2.0), (-1.0, -1.0), (2.0, 5.0)]
w, b = Value(0.3), Value(-0.2)
params = [w, b]
rate = 0.03
for epoch in range(5):
    for x, y in data:
        for p in params:
            p.grad = 0.0
        loss = (w * x + b - y) ** 2
        loss.backward()
        for p in params:
            p.data += -rate * p.grad
"""
MOMENTUM = """
from micrograd import Value
points = [(0.5, 2.0), (-1.0, -1.0), (2.0, 5.0)]
slope, offset = Value(0.3), Value(-0.2)
weights = [slope, offset]
speed = [0.0, 0.0]
eta = 0.01
count = 0
while count < 15:
    cost = sum((slope * x + offset - y) ** 2 for x, y in points)
    for v in weights:
        v.grad = 0
    cost.backward()
    for i, v in enumerate(weights):
        speed[i] = 0.5 * speed[i] - eta * v.grad
        v.data += speed[i]
    count += 1
"""  # written after the doctor
ADAM = WITH_OPTIMIZER.replace("optim.SGD(model.parameters(), lr=0.05)", "optim.Adam(model.parameters(), lr=0.05, weight_decay=0.01)")
LOOPS = {"by hand": BY_HAND, "optimizer": WITH_OPTIMIZER, "own engine": OWN_ENGINE, "samples": SAMPLES}
ACCUMULATING = BY_HAND.replace("    loss.backward()\n", "    loss.backward()\n    (w * w * 0.01).backward()\n")
NEW_LEAVES = BY_HAND.replace(
    "    for p in (w, b):\n        p.data -= lr * p.grad\n", "    w, b = Value(w.data - lr * w.grad), Value(b.data - lr * b.grad)\n"
)
RIGHT = {**LOOPS, "momentum": MOMENTUM, "adam": ADAM, "two losses": ACCUMULATING, "new leaves": NEW_LEAVES}


class Wrong(NamedTuple):
    loop: str
    name: str
    text: str


_PREDICTIONS = "predictions = [model(x) for x in xs]"
_LOSS = "loss = sum((p - y) ** 2 for p, y in zip(predictions, ys))"
_RULES: dict[str, list[tuple[str, str, str]]] = {
    "by hand": [
        ("not-zeroed", "    w.grad = b.grad = 0.0\n", ""),
        ("partly-zeroed", "w.grad = b.grad = 0.0", "w.grad = 0.0"),
        ("wrong-way", "p.data -=", "p.data +="),
        ("rate-zero", "lr = 0.02", "lr = 0.0"),
        ("rate-large", "lr = 0.02", "lr = 3.0"),
        ("rate-large", "lr = 0.02", 'lr = float("inf")'),
        ("loss-not-reset", "for epoch in range(12):\n    loss = Value(0.0)\n", "loss = Value(0.0)\nfor epoch in range(12):\n"),
        ("no-step", "        p.data -= lr * p.grad\n", "        pass\n"),
        ("rebound", "p.data -= lr * p.grad", "p = p - lr * p.grad"),
        ("rebound", "p.data -= lr * p.grad", "p -= lr * p.grad"),
        ("rebuilt", "for epoch in range(12):\n", "for epoch in range(12):\n    w, b = Value(0.3), Value(-0.2)\n"),
        ("zeroed-too-early", "    w.grad = b.grad = 0.0\n    loss.backward()\n", "    loss.backward()\n    w.grad = b.grad = 0.0\n"),
        ("wrong-sample", "zip(xs, ys)", "zip(xs, ys[1:])"),
        ("wrong-sample", "zip(xs, ys)", "zip(xs, reversed(ys))"),
        ("wrong-root", "loss.backward()", "error.backward()"),
        ("update-in-graph", "    for p in (w, b):\n        p.data -= lr * p.grad\n", "    w = w - w.grad * lr\n    b = b - b.grad * lr\n"),
        ("no-gradient", "loss.backward()", "Value(loss.data).backward()"),
        ("shuffled-apart", "for epoch in range(12):\n", "import random\nfor epoch in range(12):\n    random.shuffle(xs)\n"),
        ("step-before-backward", "    loss.backward()\n    for p in (w, b):\n        p.data -= lr * p.grad\n",
         "    for p in (w, b):\n        p.data -= lr * p.grad\n    loss.backward()\n"),
    ],
    "optimizer": [
        ("not-zeroed", "    optimizer.zero_grad()\n", ""),
        ("rate-zero", "lr=0.05", "lr=0.0"),
        ("rate-large", "lr=0.05", "lr=80.0"),
        ("no-step", "    optimizer.step()\n", ""),
        ("other-parameters", "for step in", "model = nn.MLP(2, [4, 1])\nfor step in"),
        ("rebuilt", "    predictions =", "    model = nn.MLP(2, [4, 1])\n    predictions ="),
        ("zeroed-too-early", "    optimizer.zero_grad()\n    loss.backward()\n", "    loss.backward()\n    optimizer.zero_grad()\n"),
        ("step-before-backward", "    loss.backward()\n    optimizer.step()\n", "    optimizer.step()\n    loss.backward()\n"),
        ("wrong-sample", "zip(predictions, ys)", "zip(predictions, ys[::-1])"),
        ("shuffled-apart", "    predictions =", "    random.shuffle(xs)\n    predictions ="),
        ("loss-made-once", f"for step in range(12):\n    {_PREDICTIONS}\n    {_LOSS}\n",
         f"{_PREDICTIONS}\n{_LOSS}\nfor step in range(12):\n"),
        ("wrong-root", "loss.backward()", "predictions[0].backward()"),
    ],
    "own engine": [
        ("not-zeroed", "    for p in [w, b]:\n        p.grad = 0.0\n", ""),
        ("partly-zeroed", "    for p in [w, b]:\n        p.grad = 0.0\n", "    w.grad = 0.0\n"),
        ("wrong-way", "p.data - learning_rate", "p.data + learning_rate"),
        ("rate-zero", "learning_rate = 0.03", "learning_rate = 0"),
        ("rate-large", "learning_rate = 0.03", "learning_rate = 5"),
        ("loss-not-reset", "for k in range(12):\n    total = Scalar(0.0)\n", "total = Scalar(0.0)\nfor k in range(12):\n"),
        ("rebuilt", "for k in range(12):\n", "for k in range(12):\n    w, b = Scalar(0.3), Scalar(-0.2)\n"),
        ("wrong-sample", "(-ys[i])", "(-ys[i - 1])"),
        ("wrong-sample", "(-ys[i])", "(-ys[0])"),
        ("rebound", "p.data = p.data - learning_rate * p.grad", "p = Scalar(p.data - learning_rate * p.grad)"),
        ("no-step", "        p.data = p.data - learning_rate * p.grad\n", "        pass\n"),
    ],
    "samples": [
        ("not-zeroed", "        for p in params:\n            p.grad = 0.0\n", ""),
        ("wrong-way", "-rate * p.grad", "rate * p.grad"),
        ("rate-zero", "rate = 0.03", "rate = 0.0"),
        ("rate-large", "rate = 0.03", "rate = 4.0"),
        ("rebuilt", "    for x, y in data:\n", "    for x, y in data:\n        w, b = Value(0.3), Value(-0.2)\n"),
        ("other-parameters", "params = [w, b]\n", "params = [Value(0.3), Value(-0.2)]\n"),
        ("partly-zeroed", "        for p in params:\n            p.grad = 0.0\n", "        w.grad = 0.0\n"),
        ("zeroed-too-early", "            p.data += -rate * p.grad\n", "            p.grad = 0.0\n            p.data += -rate * p.grad\n"),
        ("loss-made-once", "    for x, y in data:\n        for p",
         "    loss = (w * 0.5 + b - 2.0) ** 2\n    for x, y in data:\n        for p"),
    ],
}  # fmt: skip
_ZEROS = "    for v in weights:\n        v.grad = 0\n"
_AFTERWARDS = [
    ("not-zeroed", "    for v in weights:\n        v.grad = 0\n", ""),
    ("partly-zeroed", "    for v in weights:\n        v.grad = 0\n", "    slope.grad = 0\n"),
    ("wrong-way", "- eta * v.grad", "+ eta * v.grad"),
    ("rate-zero", "eta = 0.01", "eta = 0.0"),
    ("rate-large", "eta = 0.01", "eta = 7.0"),
    ("rebuilt", "while count < 15:\n", "while count < 15:\n    slope, offset = Value(0.3), Value(-0.2)\n"),
    ("other-parameters", "weights = [slope, offset]", "weights = [Value(0.3), Value(-0.2)]"),
    ("no-step", "        v.data += speed[i]\n", ""),
    ("loss-made-once", "while count < 15:\n    cost = sum((slope * x + offset - y) ** 2 for x, y in points)\n",
     "cost = sum((slope * x + offset - y) ** 2 for x, y in points)\nwhile count < 15:\n"),
    ("loss-not-reset", "while count < 15:\n    cost = sum(", "cost = Value(0.0)\nwhile count < 15:\n    cost = cost + sum("),
    ("zeroed-too-early", f"{_ZEROS}    cost.backward()\n", f"    cost.backward()\n{_ZEROS}"),
    ("no-gradient", "cost.backward()", "Value(cost.data).backward()"),
]  # fmt: skip


def afterwards() -> list[Wrong]:
    return [Wrong("momentum", name, MOMENTUM.replace(old, new)) for name, old, new in _AFTERWARDS]


def wrong() -> list[Wrong]:
    made = []
    for loop, rules in _RULES.items():
        for name, old, new in rules:
            assert LOOPS[loop].count(old) >= 1, (loop, name, old)
            text = LOOPS[loop].replace(old, new)
            if name == "loss-made-once" and loop == "samples":
                text = text.replace("        loss = (w * x + b - y) ** 2\n", "")
            made.append(Wrong(loop, name, text))
    return made


def report(text: str):
    """What the doctor says of a loop that runs in this process."""
    import linecache

    from micrograd.doctor.loops import watch_loop

    space: dict = {"__name__": "__main__"}
    file = "<loop>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    classes: list[type] = []
    head, mark, _ = text.partition("\nxs =") if "class Scalar" in text else ("", "", "")
    if mark:
        exec(compile(head, file, "exec"), space)
        classes = [space["Scalar"]]
        rest = "\n" * head.count("\n") + text[len(head) :]
        return watch_loop(lambda: exec(compile(rest, file, "exec"), space), classes, text, file)
    return watch_loop(lambda: exec(compile(text, file, "exec"), space), (), text, file)

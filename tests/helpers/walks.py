"""Graphs that tests walk, and the engine's own state at each step of them."""

import random

from micrograd import Value, nn


def lecture():
    """The lecture's expression: L = (a·b + c)·f + a·a."""
    a, b, c = Value(2.0, label="a"), Value(-3.0, label="b"), Value(10.0, label="c")
    e = a * b
    e.label = "e"
    d = e + c
    d.label = "d"
    f = Value(-2.0, label="f")
    root = d * f + a * a
    root.label = "L"
    return root


def samples():
    """A small network's squared error over seven samples, gradients and all: a graph that folds."""
    random.seed(1)
    model = nn.MLP(2, [3, 1])
    loss = sum((model([random.random(), 0.5]) - y) ** 2 for y in (1.0, -1.0, 0.5, 0.2, 0.1, 0.7, 1.0))
    loss.label = "loss"
    loss.backward()
    return loss


def walk(root):
    """The engine's own state after each step: a list of ({place: data}, {place: grad}, step)."""
    values = root.topological()
    place = {id(v): i for i, v in enumerate(values)}
    for v in values:
        v.grad = 0.0
    known = {i for i, v in enumerate(values) if not v.args}
    grads = [0.0] * len(values)
    states = [(set(known), list(grads), None)]
    for step in root.steps():
        if type(step).__name__ == "ForwardStep":
            known.add(place[id(step.node)])
            states.append((set(known), list(grads), step))
        elif type(step).__name__ == "SeedStep":
            grads[place[id(step.node)]] = 1.0
            states.append((set(known), list(grads), step))
        else:
            for c in step.contributions:
                grads[place[id(c.arg)]] = c.after
                states.append((set(known), list(grads), c))
    return [v.data for v in values], states

# Homework: an engine, and a line that it fits to three points.
# Two mistakes are in it. The Doctor tab finds them; its hints come one at a time.
import math


class Value:
    def __init__(self, data, _prev=()):
        self.data, self.grad = data, 0.0
        self._prev, self._backward = _prev, lambda: None

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other))

        def _backward():
            self.grad += out.grad
            other.grad += out.grad

        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other))

        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out._backward = _backward
        return out

    def tanh(self):
        t = math.tanh(self.data)
        out = Value(t, (self,))

        def _backward():
            self.grad += (1 - t) * out.grad

        out._backward = _backward
        return out

    def backward(self):
        order, seen = [], set()

        def visit(node):
            if node not in seen:
                seen.add(node)
                for child in node._prev:
                    visit(child)
                order.append(node)

        visit(self)
        self.grad = 1.0
        for node in reversed(order):
            node._backward()


w, b = Value(0.5), Value(0.0)
for step in range(20):
    loss = Value(0.0)
    for x, y in [(-1.0, -0.8), (0.0, 0.1), (1.0, 0.9)]:
        difference = (w * x + b).tanh() + -y
        loss = loss + difference * difference
    loss.backward()
    w.data -= 0.1 * w.grad
    b.data -= 0.1 * b.grad
print(f"loss {loss.data:.4f}")

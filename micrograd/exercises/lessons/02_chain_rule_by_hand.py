"""The chain rule by hand."""

from micrograd.exercises import Exercise, engine, line, number, pick, whole

Exercise(
    "02.1",
    "By hand: the gradients of L = (a + b)·(b + 1) at a = {a}, b = {b}.",
    numbers={"a": whole(-5, 5, but=(0,)), "b": whole(-5, 5, but=(-1, 0))},
    where="a != b and a + b != 0 and a + b != b + 1",
    program="s = a + b; t = b + 1; L = s*t",
    blanks={"da": number("a.grad"), "db": number("b.grad")},
    hints=[
        "Name the two factors s = a + b and t = b + 1. What are ∂L/∂s and ∂L/∂t?",
        "a is used once, in s. b is used twice: once in s, once in t. Follow each path from L.",
        "A sum passes the upstream gradient on as it is; what arrives at b along its two paths is added.",
    ],
)

Exercise(
    "02.2",
    "Give `Number` a method `tanh`, so that expressions with +, * and tanh have the gradients of school calculus. Hand in the class.",
    blanks={"cls": engine("add", "mul", "tanh", says="the class Number, with tanh")},
    hints=[
        "A method makes a new Number: its number, its inputs, one local derivative for each input, and a name for the picture.",
        "The derivative of tanh can be written with the result itself. You have that result in hand when the node is made.",
        "At 0 the slope is 1; far out, where the result is near 1 or −1, it is near 0. Which simple formula of the result does that?",
    ],
)

HEAD = """
class Number:
    def __init__(self, data, inputs=(), local=()):
        self.data, self.grad = data, 0.0
        self._prev, self.local = inputs, local

    def __add__(self, other):
        return Number(self.data + other.data, (self, other), (1.0, 1.0))

    def __sub__(self, other):
        return Number(self.data - other.data, (self, other), (1.0, {sub}))

    def __mul__(self, other):
        return Number(self.data * other.data, (self, other), ({mul}))

    def backward(self):
        order, seen = [], set()

        def visit(node):
            if node not in seen:
                seen.add(node)
                for i in node._prev:
                    visit(i)
                order.append(node)

        visit(self)
        self.grad = 1.0
        for node in reversed(order):
            for i, local in zip(node._prev, node.local):
                i.grad {join} node.grad * local
"""
MADE = [("-1.0", "other.data, self.data", "="), ("1.0", "other.data, self.data", "+="), ("-1.0", "self.data, other.data", "+=")]

Exercise(
    "02.3",
    "One line of this class is wrong. Which? (The number of the line.)",
    shows=pick(*(HEAD.format(sub=sub, mul=mul, join=join) for sub, mul, join in MADE)),
    blanks={"at": line()},
    hints=[
        "Try the smallest expressions by hand: a + b, a − b, a·b, a + a. Which of them comes out wrong?",
        "For each operation, ask of each input: how fast does the result move when this input alone moves?",
        "If every operation is right by itself, look at how contributions to one node are put together.",
    ],
)

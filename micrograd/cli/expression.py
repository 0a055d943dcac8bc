"""Expressions of the command line: read as arithmetic, never executed.

    >>> read("c = a*b; d = tanh(c) + a**2", {"a": 2.0, "b": 0.0}).root
    Value(data=4.0, grad=0, label='d')

Statements are separated by `;` or newlines, the last one is the result. They know numbers, names, + - * / **, parentheses,
lists, the functions of the table and of `micrograd.functional`, max and min of any number; anything else is refused with the
place it stands at:

    >>> read("1 + os.system", {"os": 1})
    Traceback (most recent call last):
    micrograd.cli.expression.ExpressionError: '.' reaches into an object, and there are only numbers here: write tanh(x) for x.tanh()
        1 + os.system
              ^

The method is Dijkstra's shunting yard, over two lists: no text is too deep for it, and Python's compiler never sees any.
"""

from __future__ import annotations

import functools
import itertools
import keyword
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from micrograd.cli.functions import ALIASES, CONSTANTS, COST, OF_LISTS, function
from micrograd.cli.pointer import pointed
from micrograd.cli.spelling import SIGNS, no_function, no_value
from micrograd.engine import Value, leaf
from micrograd.ops import TABLE

LONGEST = 1_000_000  # characters
MOST = 100_000  # operands of all operations together: as many lines of backward steps, in some seconds

_NAME = r"[^\W\d]\w*"
_TOKEN = re.compile(
    rf"(?P<space>[^\S\n]+|\#[^\n]*)|(?P<number>(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9]+)?)"
    rf"|(?P<name>{_NAME})|(?P<end>[;\n]|\Z)|(?P<symbol>\*\*|//|[<>=!:]=|.)",
    re.DOTALL,
)
_TARGETS = re.compile(rf"\s*({_NAME}(?:\s*,\s*{_NAME})*)\s*=(?!=)")
_CALL = re.compile(r"\s*\(")
_DEFINITION = re.compile(rf"\s*\(\s*{_NAME}(?:\s*,\s*{_NAME})*\s*\)\s*=(?!=)")  # f(x) = …
_BINARY: dict[str, tuple[int, Callable[[Any, Any], Any]]] = {
    "+": (2, operator.add), "-": (2, operator.sub), "*": (3, operator.mul), "/": (3, operator.truediv), "%": (3, operator.mod),
    "**": (5, operator.pow),
}  # fmt: skip
_SIGN, _OPEN = 4, 0  # precedence of a sign, of an open bracket


class ExpressionError(ValueError):
    """What is wrong with an expression, and where: the text's line with a caret under the place."""

    def __init__(self, message: str, text: str, start: int, end: int) -> None:
        super().__init__(f"{message}\n{pointed(text, start, end)}" if text.strip() else message)
        self.message, self.text, self.start, self.end = message, text, start, end


class Result(NamedTuple):
    """root: the last statement's Value. names: what each name stands for. unused: names given and not used."""

    root: Value
    names: dict[str, Any]
    unused: tuple[str, ...]


def read(text: str, values: Mapping[str, float]) -> Result:
    """The graph of `text`, its inputs being `values`; inputs and named statements are labelled.

    Raises ExpressionError, never anything else, for any text; also for one whose operations have more than MOST operands
    in all: a few lists, each of the one before, would take all memory.
    """
    if len(text) > LONGEST:
        message = f"an expression may have {LONGEST:,} characters, this has {len(text):,}"
        raise ExpressionError(message, text, LONGEST, LONGEST + 1)
    return _Reader(text, values).read()


class _Operand(NamedTuple):
    item: Any  # a Value, a list of Values, or an int or float that was written as a number
    start: int
    end: int


class _Operator(NamedTuple):
    precedence: int
    symbol: str  # "+" …, "sign+" "sign-", "(" "["
    start: int
    end: int
    function: str = ""  # called by this bracket
    height: int = 0  # operands below this bracket


class _Reader:
    """One text being read: `operands` and `operators` are the two lists of the shunting yard."""

    def __init__(self, text: str, values: Mapping[str, float]) -> None:
        self.text, self.at, self.depth, self.size = text, 0, 0, 0
        self.given = {name: Value(x, label=name) for name, x in values.items()}
        self.names: dict[str, Any] = dict(self.given)
        self.used: set[str] = set()
        self.operands: list[_Operand] = []
        self.operators: list[_Operator] = []

    def fail(self, message: str, start: int, end: int | None = None) -> ExpressionError:
        return ExpressionError(message, self.text, start, start + 1 if end is None else end)

    # --- statements ------------------------------------------------------------------------------------------

    def read(self) -> Result:
        last: _Operand | None = None
        while self.at < len(self.text):
            kind, _, start, _ = self.token()
            if kind == "end":
                continue
            self.at = start
            targets = _TARGETS.match(self.text, start)
            if targets:
                self.at = targets.end()
            last = self.expression()
            if targets:
                last = self.assign(targets, last)
        if last is None:
            raise self.fail('there is no expression to read: write one in quotes, such as "a*b + 1"', len(self.text))
        if isinstance(last.item, list):
            way = "write p, q = … and go on with p, or sum(…)"
            raise self.fail(f"the result must be one number, this is a list of {len(last.item)}: {way}", last.start, last.end)
        unused = tuple(name for name in self.given if name not in self.used)
        return Result(self.value(last), self.names, unused)

    def assign(self, targets: re.Match[str], result: _Operand) -> _Operand:
        names = [(m[0], targets.start(1) + m.start()) for m in re.finditer(_NAME, targets[1])]
        several = len(names) > 1
        parts = result.item if several else [result.item if isinstance(result.item, list) else self.value(result)]
        if several and (not isinstance(parts, list) or len(parts) != len(names)):
            found = f"a list of {len(parts)}" if isinstance(parts, list) else "one number"
            raise self.fail(f"{len(names)} names stand for {len(names)} numbers, this is {found}", result.start, result.end)
        for (name, at), part in zip(names, parts, strict=True):
            if name in self.names:
                raise self.fail(f"{name!r:.40} has a value already: each name is given once", at, at + len(name))
            if name in CONSTANTS or keyword.iskeyword(name):
                raise self.fail(f"{name!r} cannot be a name", at, at + len(name))
            self.names[name] = part
            listed = isinstance(part, list)
            for i, v in enumerate(part if listed else [part]):
                v.label = v.label or (f"{name}[{i}]" if listed else name)
        return result._replace(item=parts if several else parts[0])

    # --- the shunting yard -----------------------------------------------------------------------------------

    def token(self) -> tuple[str, str, int, int]:
        """The next token but space; inside brackets a newline is space too."""
        while True:
            match = _TOKEN.match(self.text, self.at)
            assert match is not None and match.lastgroup is not None  # `.` takes whatever is left
            self.at = match.end()
            if match.lastgroup != "space" and not (self.depth and match[0] == "\n"):
                return match.lastgroup, match[0], match.start(), match.end()

    def expression(self) -> _Operand:
        self.operands, self.operators, self.depth = [], [], 0
        operand_next = True
        while True:
            kind, word, start, end = self.token()
            if kind == "end" and not operand_next:
                return self.finish()
            operand_next = (self.prefix if operand_next else self.infix)(kind, word, start, end)

    def prefix(self, kind: str, word: str, start: int, end: int) -> bool:
        """A token where a number, a name, a sign or a bracket may stand; whether one may stand there again."""
        if kind == "number":
            self.operands.append(_Operand(self.number(word, start, end), start, end))
            return False
        if kind == "name":
            call = _CALL.match(self.text, end)
            if call is None:
                self.operands.append(_Operand(self.named(word, start, end), start, end))
                return False
            self.check_function(word, start, end)
            self.at = call.end()
            self.open("(", start, end, word)
        elif word in ("+", "-"):
            self.operators.append(_Operator(_SIGN, f"sign{word}", start, end))
        elif word in ("(", "["):
            self.open(word, start, end)
        elif word in (")", "]") and self.operators and self.operators[-1].precedence == _OPEN:
            return self.close(word, start, end)  # an empty bracket, or a comma before the end: close() judges
        elif kind == "end":
            raise self.fail("a number, a name or a function is missing here", start)
        else:
            raise self.fail(SIGNS.get(word, f"a number, a name or a function may stand here, not {word!r}"), start, end)
        return True

    def infix(self, kind: str, word: str, start: int, end: int) -> bool:
        """A token where an operator, a comma or a closing bracket may stand; whether an operand comes next."""
        if word in _BINARY:
            precedence = _BINARY[word][0]
            self.reduce(precedence + 1 if word == "**" else precedence)  # ** binds to the right
            self.operators.append(_Operator(precedence, word, start, end))
            return True
        if word in (")", "]"):
            return self.close(word, start, end)
        if word == ",":
            self.reduce(_OPEN + 1)
            if not self.operators or not (self.operators[-1].function or self.operators[-1].symbol == "["):
                raise self.fail("a comma may stand between the arguments of a function and in a [list] only", start, end)
            return True
        if word == "[":
            raise self.fail("parts are not picked by [ ]: write p, q = softmax([x, y]) and use p or q", start, end)
        if keyword.iskeyword(word):
            raise self.fail(f"{word!r} is a word of Python's, and this is arithmetic", start, end)
        if kind in ("name", "number") or word == "(":
            raise self.fail(f"an operator is missing before {word!r:.40} (a product is written with *)", start, end)
        raise self.fail(SIGNS.get(word, f"an operator may stand here, not {word!r}"), start, end)

    def open(self, symbol: str, start: int, end: int, function: str = "") -> None:
        self.depth += 1
        self.operators.append(_Operator(_OPEN, symbol, start, end, function, len(self.operands)))

    def close(self, word: str, start: int, end: int) -> bool:
        self.reduce(_OPEN + 1)
        if not self.operators:
            raise self.fail(f"{word!r} closes nothing", start, end)
        bracket = self.operators.pop()
        self.depth -= 1
        if bracket.symbol != {")": "(", "]": "["}[word]:
            raise self.fail(f"{word!r} does not close the {bracket.symbol!r} at column {bracket.start + 1}", start, end)
        inside = self.operands[bracket.height :]
        del self.operands[bracket.height :]
        if bracket.function:
            item = self.call(bracket, inside)
        elif word == "]":
            item = [self.value(x) for x in inside]
        elif inside:
            item = inside[0].item
        else:
            raise self.fail("these parentheses are empty", bracket.start, end)
        self.operands.append(_Operand(item, bracket.start, end))
        return False

    def reduce(self, precedence: int) -> None:
        """Apply the operators on top that bind at least as strongly as this."""
        operands = self.operands
        while self.operators and self.operators[-1].precedence >= precedence:
            op = self.operators.pop()
            right = operands.pop()
            if op.precedence == _SIGN:
                plain = isinstance(right.item, (int, float))  # -2 is a number, as in Python
                x = right.item if plain else self.value(right)
                operands.append(_Operand(x if op.symbol == "sign+" else -x, op.start, right.end))
                continue
            left = operands.pop()
            self.grow(2, op.start, op.end)
            power = op.symbol == "**" and isinstance(right.item, (int, float))  # x**2 keeps its exponent in the op
            y = right.item if power else self.value(right)
            operands.append(_Operand(_BINARY[op.symbol][1](self.value(left), y), left.start, right.end))

    def finish(self) -> _Operand:
        self.reduce(_OPEN + 1)
        if self.operators:
            bracket = self.operators[-1]
            raise self.fail(f"{bracket.function + bracket.symbol!r} is not closed", bracket.start, bracket.end)
        return self.operands.pop()

    def grow(self, operands: int, start: int, end: int) -> None:
        """Note that an operation takes so many operands; ExpressionError when all together have too many."""
        self.size += operands
        if self.size > MOST:
            message = f"too large for the command line: up to here its operations have {self.size:,} operands, {MOST:,} are allowed"
            raise self.fail(message, start, end)

    # --- operands --------------------------------------------------------------------------------------------

    def number(self, word: str, start: int, end: int) -> float:
        try:
            return int(word) if len(word) < 16 and "." not in word and "e" not in word.lower() else float(word)
        except ValueError:
            raise self.fail(f"{word!r:.40} is not a number", start, end) from None

    def named(self, name: str, start: int, end: int) -> Any:
        if name in self.names:
            self.used.add(name)
            return self.names[name]
        if name in CONSTANTS:
            return CONSTANTS[name]
        if keyword.iskeyword(name):
            raise self.fail(f"{name!r} is a word of Python's, and this is arithmetic", start, end)
        if function(name) is not None:
            raise self.fail(f"{name!r} is a function: write {name}(x)", start, end)
        if inside := re.match(rf"\.({_NAME})", self.text[end : end + 80]):
            raise self.fail(f"{name!r} has no value, and nothing is taken out of modules: write {inside[1]} alone", start, end)
        raise self.fail(self.missing(name), start, end)

    def missing(self, name: str) -> str:
        """What to say of a name without a value: all such names of the text at once."""
        statements = map(_TARGETS.match, re.split("[;\n]", self.text))
        later = {word for t in statements if t for word in re.findall(_NAME, t[1])}
        if name in later:
            return f"{name!r} is used before the statement that gives it"
        words = [m for m in _TOKEN.finditer(self.text, self.at) if m.lastgroup != "space"]
        plain = (m[0] for m, after in itertools.pairwise(words) if m.lastgroup == "name" and after[0] != "(")
        known = {name, *self.names, *CONSTANTS, *later}
        rest = [w for w in dict.fromkeys(plain) if w not in known and not keyword.iskeyword(w) and function(w) is None]
        return no_value(name, rest, [n for n in self.names if n not in self.used or len(name) > len(n)])

    def value(self, operand: _Operand) -> Value:
        if isinstance(operand.item, list):
            raise self.fail("a list cannot stand here: sum, mean, dot, softmax … take lists", operand.start, operand.end)
        return operand.item if isinstance(operand.item, Value) else leaf(float(operand.item))

    # --- functions -------------------------------------------------------------------------------------------

    def check_function(self, name: str, start: int, end: int) -> None:
        if function(name) is not None:
            return
        if name in self.names or name in CONSTANTS:
            raise self.fail(f"{name!r} is a number, not a function (a product is written with *)", start, end)
        close = no_function(name, [*TABLE, *OF_LISTS, *ALIASES])
        if _DEFINITION.match(self.text, end):
            close += ": a statement names a number, write y = …"
        raise self.fail(close, start, end)

    def call(self, bracket: _Operator, args: list[_Operand]) -> Any:
        name, op = bracket.function, TABLE.get(ALIASES.get(bracket.function, bracket.function))
        self.grow(sum(len(a.item) if isinstance(a.item, list) else 1 for a in args) * COST.get(name, 1), bracket.start, bracket.end)
        if name in OF_LISTS or name in ALIASES or (op is not None and op.arity is None):
            numbers = [v for a in args for v in (a.item if isinstance(a.item, list) else [self.value(a)])]
            if not numbers:
                raise self.fail(f"{name} needs at least one number", bracket.start, bracket.end)
            lists = [len(a.item) for a in args if isinstance(a.item, list)]
            halves = op is not None and op.formula == ("opposite",)  # two lists, one after the other
            if halves and (len(numbers) % 2 or (len(lists) == len(args) == 2 and lists[0] != lists[1])):
                raise self.fail(f"{name} takes two lists of the same length", bracket.start, bracket.end)
            if name in ALIASES:
                return functools.reduce(op, numbers)  # type: ignore[arg-type]
            return OF_LISTS[name](numbers) if op is None else op(*numbers)
        assert op is not None and op.arity is not None
        least, most = op.arity + len(op.constants) - len(op.defaults), op.arity + len(op.constants)
        if not least <= len(args) <= most:
            wanted = str(most) if least == most else f"{least} to {most}"
            short = next((f" ({short} takes any number)" for short, long in ALIASES.items() if long == name), "")
            raise self.fail(f"{name} takes {wanted} argument{'s' * (most > 1)}, not {len(args)}{short}", bracket.start, bracket.end)
        for constant, a in zip(op.constants, args[op.arity :], strict=False):
            if not isinstance(a.item, (int, float)):
                raise self.fail(f"the {constant} of {name} is a plain number, such as 0.1", a.start, a.end)
        return op(*map(self.value, args[: op.arity]), *(a.item for a in args[op.arity :]))

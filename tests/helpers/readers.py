"""Independent readers of what the notation writes: text by Python's own grammar, TeX and MathML by the two small parsers below.

Each gives the number of a formula, so that a test can compare it with what was meant.
"""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET

from micrograd import TABLE

FUNCTIONS = dict(TABLE) | {"floor": math.floor, "ceil": math.ceil}
TEX = {
    r"\sigma": "sigmoid", r"\Phi": "normal_cdf", r"\log\sigma": "log_sigmoid", r"\max": "maximum", r"\min": "minimum", r"\log": "log",
    r"\log_{2}": "log2", r"\log_{10}": "log10", r"\arcsin": "asin", r"\arccos": "acos", r"\arctan": "atan", "ReLU": "relu", "sgn": "sign",
    "arsinh": "asinh", "arcosh": "acosh", "artanh": "atanh",
}  # fmt: skip
UNICODE = {
    "σ": "sigmoid", "Φ": "normal_cdf", "log σ": "log_sigmoid", "max": "maximum", "min": "minimum", "log₂": "log2", "log₁₀": "log10",
    "arcsin": "asin", "arccos": "acos", "arctan": "atan",
    "ReLU": "relu", "sgn": "sign", "arsinh": "asinh", "arcosh": "acosh", "artanh": "atanh",
}  # fmt: skip


def of_text(text, names):
    """The number of a line of Python."""
    return float(eval(text, {"__builtins__": {}, "inf": math.inf, "nan": math.nan, "pi": math.pi, **FUNCTIONS}, dict(names)))


def called(name, numbers):
    """A function of the table, or a mean of two (`maximum` of a tie is no concern of a reader)."""
    return float(FUNCTIONS[name](*numbers))


SIMPLE = re.compile(r"\s+|\d+(\.\d+)?|\\left\\lfloor|\\right\\rfloor|\\left\\lceil|\\right\\rceil|\\left.|\\right.|\\text\{ (if|else) \}")
NAMED = re.compile(
    r"\\operatorname\{(.*?)\}|\\mathrm\{(.*?)\}(\^\{\(\d+\)\})?|\\(sinh|cosh|tanh|sin|cos|tan)"
    r"|([^\W\d_])(_\{(?:\\mathrm\{)?\w+\}*)?(\^\{\(\d+\)\})?"
)


class Reader:
    """A recursive descent over tokens: choice, comparison, sum, product, sign, power, atom."""

    def __init__(self, tokens, names):
        self.tokens, self.names, self.at = tokens, names, 0

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def take(self, kind=None, text=None):
        token = self.peek()
        fits = (kind is None or token[0] == kind) and (text is None or token[1] == text)
        assert fits, f"{token} where {kind} {text} was expected in {self.tokens}"
        self.at += 1
        return token

    def whole(self):
        found = self.choice()
        assert self.peek()[0] == "end", f"{self.peek()} is left over of {self.tokens}"
        return found

    def choice(self):
        yes = self.compare()
        if self.peek() == ("text", "if"):
            self.take()
            condition = self.compare()
            self.take("text", "else")
            no = self.choice()
            return yes if condition else no
        return yes

    def compare(self):
        numbers, holds = [self.sum()], True
        while self.peek()[0] == "order":
            sign = self.take()[1]
            numbers.append(self.sum())
            a, b = numbers[-2:]
            holds &= {"<": a < b, ">": a > b, "=": a == b, "≤": a <= b, "≥": a >= b, "≠": a != b}[sign]
        return numbers[0] if len(numbers) == 1 else float(holds)

    def sum(self):
        found = self.signed()
        while self.peek() in (("sign", "+"), ("sign", "-")):
            found = found + self.product() if self.take()[1] == "+" else found - self.product()
        return found

    def signed(self):
        if self.peek() == ("sign", "-"):
            self.take()
            return -self.product()
        return self.product()

    def product(self):
        found = self.power()
        while True:
            if self.peek() == ("sign", "·"):
                self.take()
            elif self.peek() == ("sign", "mod"):
                self.take()
                found = math.fmod(found, self.power())
                continue
            elif self.peek()[0] not in ("number", "name", "group", "call", "open"):
                return found
            found = found * self.power()

    def power(self):
        base = self.atom()
        if self.peek()[0] == "power":
            return TABLE["pow"](base, self.take()[1])
        return base

    def atom(self):
        kind, value = self.take()
        if kind in ("number", "group"):
            return value
        if kind == "name":
            return self.names[value]
        if kind == "call":
            self.take("open", "(")
            numbers = [self.choice()]
            while self.peek() == ("sign", ","):
                self.take()
                numbers.append(self.choice())
            self.take("close", ")")
            return called(value, numbers)
        assert kind == "open", f"{kind} {value} in {self.tokens}"
        inside = self.choice()
        self.take("close", {"(": ")", "[": "]", "|": "|", "⌊": "⌋", "⌈": "⌉"}[value])
        return {"|": abs, "⌊": math.floor, "⌈": math.ceil}.get(value, float)(inside)


def of_tex(text, names):
    """The number of a TeX formula."""
    return Reader(list(_tex_tokens(text, names)), names).whole()


def _braced(text, at):
    assert text[at] == "{", text[at:]
    depth, start = 0, at
    while True:
        depth += (text[at] == "{") - (text[at] == "}")
        at += 1
        if depth == 0:
            return text[start + 1 : at - 1], at


def _tex_tokens(text, names):
    at = 0
    while at < len(text):
        rest = text[at:]
        simple = SIMPLE.match(rest)
        if rest.startswith(r"\frac"):
            top, at = _braced(text, at + 5)
            bottom, at = _braced(text, at)
            yield "group", TABLE["div"](of_tex(top, names), of_tex(bottom, names))
        elif rest.startswith(r"\sqrt"):
            cube = rest.startswith(r"\sqrt[3]")
            inside, at = _braced(text, at + (8 if cube else 5))
            yield "group", TABLE["cbrt" if cube else "sqrt"](of_tex(inside, names))
        elif rest.startswith("^"):
            inside, at = _braced(text, at + 1)
            yield "power", of_tex(inside, names)
        elif simple and not rest.startswith(r"\left\l"):
            at += simple.end()
            found = simple[0]
            if found.startswith(r"\left"):
                yield "open", found[5]
            elif found.startswith(r"\right"):
                yield "close", found[6:].replace(r"\rfloor", "⌋").replace(r"\rceil", "⌉")
            elif found.startswith(r"\text"):
                yield "text", simple[2]
            elif found.strip():
                yield "number", float(found)
        elif rest.startswith((r"\left\lfloor", r"\left\lceil")):
            assert not rest[12 if rest.startswith(r"\left\lfloor") else 11].isalpha(), "a letter becomes part of the command before it"
            at += 12 if rest.startswith(r"\left\lfloor") else 11
            yield "open", "⌊" if rest.startswith(r"\left\lfloor") else "⌈"
        else:
            token, length = _tex_word(rest)
            at += length
            yield token


def _tex_word(rest):
    for command, token in (
        (r"\cdot", ("sign", "·")), (r"\bmod", ("sign", "mod")), (r"\infty", ("number", math.inf)), (r"\pi", ("number", math.pi)),
        (r"\le ", ("order", "≤")), (r"\ge ", ("order", "≥")), (r"\ne", ("order", "≠")),
    ):  # fmt: skip
        if rest.startswith(command):
            return token, len(command)
    for command in sorted(TEX, key=len, reverse=True):
        if command.startswith("\\") and rest.startswith(command):
            return ("call", TEX[command]), len(command)
    named = NAMED.match(rest)
    if named:
        operator, upright, _, function, letter, index, mark = named.groups()
        if operator or function:
            word = (operator or function).replace("\\_", "_")
            return ("call", TEX.get(word, word)), named.end()
        if upright == "nan":
            return ("number", math.nan), named.end()
        if letter == "e" and not index and not mark:
            return ("number", math.e), named.end()
        return ("name", named[0]), named.end()
    sign = rest[0]
    assert sign in "+-<>=,", rest
    return ("order" if sign in "<>=" else "sign", sign), 1


def of_mathml(text, names):
    """The number of a MathML row."""
    return Reader(list(_mathml_tokens(ET.fromstring(f"<mrow>{text}</mrow>"), names)), names).whole()


def _inside(element, names):
    return Reader(list(_mathml_tokens(element, names, alone=True)), names).whole()


def _mathml_tokens(element, names, alone=False):
    for child in [element] if alone and element.tag != "mrow" else element:
        text = (child.text or "").strip()
        if child.tag == "mrow" and len(child) > 1 and child[0].text == child[-1].text == "|":
            inner = [t for part in list(child)[1:-1] for t in _mathml_tokens(part, names, alone=True)]
            yield "group", abs(Reader(inner, names).whole())
        elif child.tag == "mrow":
            yield from _mathml_tokens(child, names)
        elif child.tag == "mn":
            yield "number", math.inf if text == "∞" else float(text.replace("−", "-"))
        elif child.tag == "mfrac":
            yield "group", TABLE["div"](_inside(child[0], names), _inside(child[1], names))
        elif child.tag == "msqrt":
            yield "group", TABLE["sqrt"](_inside(child[0], names))
        elif child.tag == "mroot":
            yield "group", TABLE["cbrt"](_inside(child[0], names))
        elif child.tag == "msup" and ET.tostring(child, encoding="unicode").strip() in names:
            yield "name", ET.tostring(child, encoding="unicode").strip()
        elif child.tag == "msup":
            yield from _mathml_tokens(child[0], names, alone=True)
            yield "power", _inside(child[1], names)
        elif child.tag in ("mi", "msub"):
            written = ET.tostring(child, encoding="unicode").strip()
            if written in names:
                yield "name", written
            elif text in ("e", "π", "nan"):
                yield "number", {"e": math.e, "π": math.pi, "nan": math.nan}[text]
            else:
                yield "call", UNICODE.get(text, text)
        elif child.tag == "mtext":
            yield "text", text
        else:
            assert child.tag == "mo", child.tag
            yield from _mathml_sign(text)


def _mathml_sign(text):
    if text in ("(", "[", "⌊", "⌈"):
        yield "open", text
    elif text in (")", "]", "⌋", "⌉"):
        yield "close", text
    elif text in ("<", ">", "=", "≤", "≥", "≠"):
        yield "order", text
    elif text == "\u2062":
        pass
    else:
        yield "sign", text.replace("−", "-")

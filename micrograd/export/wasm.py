"""WebAssembly: functions written as nested lists, `(f64x2.add x (v128.load 16 p))`, become the bytes of a module.

A function computes with vectors of two float64 numbers and with addresses. `(= x …)` sets a variable, which has the kind of what it is
set to; a number is one of the kind that its place asks for, in both lanes of a vector. What the operators mean, and their codes, says the
WebAssembly Core Specification 2.0, sections 4.4 and 5.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PAGE = 65536  # bytes, in which memory is counted
VECTOR, ADDRESS = "v", "i"
_KINDS = {VECTOR: b"\x7b", ADDRESS: b"\x7f"}
# operator → (its code, what it takes, what it gives); codes of vectors come after 0xfd
OPERATORS: dict[str, tuple[int, str, str]] = {
    "i32.add": (0x6A, "ii", "i"), "i32.mul": (0x6C, "ii", "i"), "i32.and": (0x71, "ii", "i"), "i32.lt_s": (0x48, "ii", "i"),
    "f64x2.eq": (0x47, "vv", "v"), "f64x2.ne": (0x48, "vv", "v"), "f64x2.lt": (0x49, "vv", "v"),
    "v128.and": (0x4E, "vv", "v"), "v128.or": (0x50, "vv", "v"), "v128.bitselect": (0x52, "vvv", "v"),
    "f64x2.ceil": (0x74, "v", "v"), "f64x2.floor": (0x75, "v", "v"), "f64x2.trunc": (0x7A, "v", "v"), "f64x2.nearest": (0x94, "v", "v"),
    "f64x2.abs": (0xEC, "v", "v"), "f64x2.neg": (0xED, "v", "v"), "f64x2.sqrt": (0xEF, "v", "v"),
    "f64x2.add": (0xF0, "vv", "v"), "f64x2.sub": (0xF1, "vv", "v"), "f64x2.mul": (0xF2, "vv", "v"), "f64x2.div": (0xF3, "vv", "v"),
    "f64x2.min": (0xF4, "vv", "v"), "f64x2.max": (0xF5, "vv", "v"), "f64x2.pmin": (0xF6, "vv", "v"), "f64x2.pmax": (0xF7, "vv", "v"),
    "i64x2.add": (0xCE, "vv", "v"), "i64x2.shl": (0xCB, "vi", "v"),
}  # fmt: skip
# with an offset (first, a number) and an address; those of one lane have the number of the lane before all
MEMORY: dict[str, tuple[int, str, str]] = {
    "v128.load": (0x00, "i", "v"), "v128.load64_splat": (0x0A, "i", "v"), "v128.load64_zero": (0x5D, "i", "v"),
    "v128.store": (0x0B, "iv", ""), "v128.load64_lane": (0x57, "iv", "v"), "v128.store64_lane": (0x5B, "iv", ""),
}  # fmt: skip
SHUFFLES = {"firsts": [*range(8), *range(16, 24)], "seconds": [*range(8, 16), *range(24, 32)]}  # of two vectors


@dataclass
class Function:
    """A function that the module exports under its name. arguments: names of addresses. body: statements."""

    name: str
    arguments: Sequence[str]
    body: Sequence[str]


def module(functions: Sequence[Function], memory: int, longer: Mapping[str, Sequence[str]]) -> bytes:
    """A module of these functions, which exports them and a `memory` of so many bytes.

    longer: operators of one vector x that are written out wherever they stand: statements, and as the last line what they give.
    """
    known = {name: [*read(" ".join(lines))] for name, lines in longer.items()}
    types = [b"\x60" + _list([_KINDS[ADDRESS]] * n) + _list([]) for n in range(1 + max(len(f.arguments) for f in functions))]
    exports = [_text("memory") + b"\x02\x00", *[_text(f.name) + b"\x00" + _unsigned(k) for k, f in enumerate(functions)]]
    sections = {
        1: types,
        3: [_unsigned(len(f.arguments)) for f in functions],
        5: [b"\x00" + _unsigned(-(-memory // PAGE))],
        7: exports,
        10: [_Body(f, known).code() for f in functions],
    }
    return b"\0asm\1\0\0\0" + b"".join(bytes([k]) + _sized(_list(section)) for k, section in sections.items())


class _Body:
    """The code of one function."""

    def __init__(self, function: Function, longer: Mapping[str, Sequence[Any]]) -> None:
        self.function, self.longer = function, longer
        self.kinds = dict.fromkeys(function.arguments, ADDRESS)  # of variables, in their order
        self.bytes = bytearray()

    def code(self) -> bytes:
        for tree in read(" ".join(self.function.body)):
            self.write(tree, "")
        added = [*self.kinds.values()][len(self.function.arguments) :]
        return _sized(_list([b"\x01" + _KINDS[kind] for kind in added]) + bytes(self.bytes) + b"\x0b")

    def write(self, tree: Any, wanted: str) -> str:
        """Adds the code of an expression, of the kind that is wanted if it is a number; its kind."""
        if isinstance(tree, list) and len(tree) == 1:
            tree = tree[0]
        if isinstance(tree, str):
            return self.atom(tree, wanted)
        head, *rest = tree
        if head in OPERATORS:
            code, takes, gives = OPERATORS[head]
            self.arguments(head, rest, takes)
            self.bytes += bytes([code]) if head.startswith("i32.") else b"\xfd" + _unsigned(code)
            return gives
        if head in MEMORY:
            return self.memory(head, rest)
        if head in SHUFFLES:
            self.arguments(head, rest, "vv")
            self.bytes += b"\xfd\x0d" + bytes(SHUFFLES[head])
            return VECTOR
        if head in self.longer:
            *statements, result = _own(self.longer[head], f"{head}.")
            for statement in (["=", f"{head}.x", *rest], *statements):
                self.write(statement, "")
            return self.write(result, VECTOR)
        return self.control(head, rest)

    def arguments(self, head: str, rest: Sequence[Any], takes: str) -> None:
        if len(rest) != len(takes) or any(self.write(x, kind) != kind for x, kind in zip(rest, takes, strict=False)):
            raise ValueError(f"{head} takes {' '.join(takes)}, not {rest}")

    def memory(self, head: str, rest: Sequence[Any]) -> str:
        code, takes, gives = MEMORY[head]
        lane = head.endswith("_lane")
        self.arguments(head, rest[1 + lane :], takes)
        self.bytes += b"\xfd" + _unsigned(code) + b"\x03" + _unsigned(int(rest[lane]))  # 3: numbers of 2^3 bytes
        self.bytes += bytes([int(rest[0])]) if lane else b""
        return gives

    def control(self, head: str, rest: Sequence[Any]) -> str:
        if head == "=":
            name, tree = rest
            kind = self.write(tree, self.kinds.get(name, ""))
            if self.kinds.setdefault(name, kind) != kind or not kind:
                raise ValueError(f"{name} is set to something of another kind: {tree}")
            self.bytes += b"\x21" + self.place(name)
        elif head in ("loop", "if"):  # a loop ends with `again`, and goes on while that holds
            if head == "if":
                self.arguments("if", rest[:1], "i")
            self.bytes += b"\x03\x40" if head == "loop" else b"\x04\x40"
            for tree in rest[head == "if" :]:
                self.write(tree, "")
            self.bytes += b"\x0b"
        elif head == "again":
            self.arguments("again", rest, "i")
            self.bytes += b"\x0d\x00"
        else:
            raise ValueError(f"no operator of WebAssembly that is known here: {head}")
        return ""

    def atom(self, text: str, wanted: str) -> str:
        if text in self.kinds:
            self.bytes += b"\x20" + self.place(text)
            return self.kinds[text]
        if text == "first":  # the lane 0, as a mask
            self.bytes += b"\xfd\x0c" + b"\xff" * 8 + b"\0" * 8
            return VECTOR
        if wanted == ADDRESS or (not wanted and text.lstrip("-").isdigit()):
            self.bytes += b"\x41" + _signed(int(text))
            return ADDRESS
        self.bytes += b"\xfd\x0c" + struct.pack("<2d", float(text), float(text))
        return VECTOR

    def place(self, name: str) -> bytes:
        return _unsigned([*self.kinds].index(name))


def read(text: str) -> Iterator[Any]:
    """Nested lists of a text."""
    stack: list[list[Any]] = [[]]
    for word in text.replace("(", " ( ").replace(")", " ) ").split():
        if word == "(":
            stack.append([])
        elif word == ")":
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(word)
    yield from stack[0]


def _own(trees: Sequence[Any], stem: str) -> list[Any]:
    """Statements and a result whose variables have names of their own."""
    own = {"x", *(tree[1] for tree in trees if tree[0] == "=")}
    return [_renamed(tree, own, stem) for tree in trees]


def _renamed(tree: Any, own: set[str], stem: str) -> Any:
    if isinstance(tree, list):
        return [_renamed(x, own, stem) for x in tree]
    return stem + tree if tree in own else tree


def _unsigned(n: int) -> bytes:
    """LEB128."""
    found = bytearray()
    while n > 127:
        found.append(n & 127 | 128)
        n >>= 7
    return bytes([*found, n])


def _signed(n: int) -> bytes:
    found = bytearray()
    while not -64 <= n < 64:
        found.append(n & 127 | 128)
        n >>= 7
    return bytes([*found, n & 127])


def _sized(content: bytes) -> bytes:
    return _unsigned(len(content)) + content


def _list(parts: Sequence[bytes]) -> bytes:
    return _unsigned(len(parts)) + b"".join(parts)


def _text(name: str) -> bytes:
    return _sized(name.encode())

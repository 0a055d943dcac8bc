"""Numbers at addresses, for compiled code that is told where they are: loads, stores, and tiles of a matrix product in registers."""

from __future__ import annotations

from typing import Any

from llvmlite import ir as llvm  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils as _cgutils
from numba.extending import intrinsic

BYTES = 8  # of a number, and of an address
cgutils: Any = _cgutils
FREE = ("contract", "reassoc")  # a sum goes in any order; its factors are numbers in memory, so no products are joined


def _at(builder: Any, address: Any, kind: Any) -> Any:
    return builder.inttoptr(address, kind.as_pointer())


def _loads(kind: Any, result: Any) -> Any:
    def typed(typingctx: Any, address: Any, place: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.load(builder.gep(_at(builder, args[0], kind), [args[1]]), align=BYTES)

        return result(types.int64, types.int64), codegen

    return intrinsic(typed)


def _stores(kind: Any, number: Any) -> Any:
    def typed(typingctx: Any, address: Any, place: Any, x: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            builder.store(args[2], builder.gep(_at(builder, args[0], kind), [args[1]]), align=BYTES)
            return context.get_dummy_value()

        return types.void(types.int64, types.int64, number), codegen

    return intrinsic(typed)


peek: Any = _loads(llvm.DoubleType(), types.float64)
poke: Any = _stores(llvm.DoubleType(), types.float64)
word: Any = _loads(llvm.IntType(64), types.int64)
set_word: Any = _stores(llvm.IntType(64), types.int64)


def _address(typingctx: Any, array: Any) -> Any:
    """Where the numbers of an array begin."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ptrtoint(context.make_array(array)(context, builder, args[0]).data, llvm.IntType(64))

    return types.int64(array), codegen


address: Any = intrinsic(_address)


_DOUBLE = llvm.DoubleType()


class _Lanes:
    """Instructions on so many neighbouring numbers at once."""

    def __init__(self, builder: Any, lanes: int, number: Any = _DOUBLE) -> None:
        self.builder, self.lanes, self.number = builder, lanes, number
        self.kind = llvm.VectorType(number, lanes) if lanes > 1 else number

    @property
    def zero(self) -> Any:
        """What changes no sum, not even of -0.0."""
        return llvm.Constant(self.kind, [-0.0] * self.lanes if self.lanes > 1 else -0.0)

    def place(self, base: Any, *moves: Any) -> Any:
        """base + Σ 8·(index · stride)."""
        for index, stride in moves:
            steps = self.builder.mul(index if not isinstance(index, int) else llvm.Constant(stride.type, index), stride)
            base = self.builder.add(base, self.builder.shl(steps, llvm.Constant(steps.type, 3)))
        return base

    def load(self, address: Any) -> Any:
        return self.builder.load(_at(self.builder, address, self.kind), align=BYTES)

    def store(self, x: Any, address: Any) -> None:
        self.builder.store(x, _at(self.builder, address, self.kind), align=BYTES)

    def everywhere(self, address: Any) -> Any:
        """One number in every lane."""
        return self.spread(self.builder.load(_at(self.builder, address, llvm.DoubleType()), align=BYTES))

    def spread(self, x: Any) -> Any:
        """A number in every lane."""
        if self.lanes == 1:
            return x
        one = self.builder.insert_element(llvm.Constant(self.kind, llvm.Undefined), x, llvm.Constant(llvm.IntType(32), 0))
        return self.builder.shuffle_vector(one, one, llvm.Constant(llvm.VectorType(llvm.IntType(32), self.lanes), [0] * self.lanes))

    def sums(self, start: Any, count: int) -> list[Any]:
        """Variables in registers."""
        found = [cgutils.alloca_once(self.builder, self.kind) for _ in range(count)]
        for k, s in enumerate(found):
            self.builder.store(start(k), s)
        return found

    def add_product(self, s: Any, x: Any, y: Any) -> None:
        self.builder.store(self.builder.fadd(self.builder.load(s), self.builder.fmul(x, y, flags=FREE), flags=FREE), s)

    def total(self, x: Any) -> Any:
        """The sum over the lanes, by halves."""
        n = self.lanes
        while n > 1:
            n //= 2
            masks = [llvm.Constant(llvm.VectorType(llvm.IntType(32), n), [*range(h, h + n)]) for h in (0, n)]
            x = self.builder.fadd(*(self.builder.shuffle_vector(x, x, m) for m in masks), flags=FREE)
        return self.builder.extract_element(x, llvm.Constant(llvm.IntType(32), 0)) if self.lanes > 1 else x


def tile(rows: int, lanes: int, both: bool = False) -> Any:
    """out[j, i] (+)= Σₖ a[j, k] · b[k, i] for a few rows j and neighbouring lanes i; both: a[j, k, i] has lanes too.

    Arguments: address and stride by j of out; address and strides by j and k of a; address and stride by k of b; how many
    terms; whether it adds; what it begins with where it does not.
    """

    def typed(typingctx: Any, out: Any, out_j: Any, a: Any, a_j: Any, a_k: Any, b: Any, b_k: Any, terms: Any, add: Any, zero: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            out, out_j, a, a_j, a_k, b, b_k, terms, add, zero = args
            v = _Lanes(builder, lanes)
            begin = v.spread(zero)
            outs = [v.place(out, (j, out_j)) for j in range(rows)]
            sums = v.sums(lambda j: builder.select(add, v.load(outs[j]), begin), rows)
            with cgutils.for_range(builder, terms) as loop:
                y = v.load(v.place(b, (loop.index, b_k)))
                first = v.place(a, (loop.index, a_k))
                for j, s in enumerate(sums):
                    v.add_product(s, (v.load if both else v.everywhere)(v.place(first, (j, a_j))), y)
            for s, place in zip(sums, outs, strict=True):
                v.store(builder.load(s), place)
            return context.get_dummy_value()

        return types.void(*[types.int64] * 8, types.boolean, types.float64), codegen

    return intrinsic(typed)


def edge(rows: int, lanes: int) -> Any:
    """out[j, i] += a[j, k] · b[k, i] for a few rows j and neighbouring lanes i, each for those k that are from its first to its end.

    Arguments: address and stride by j of out; address (of the first k) and strides by j and k of a; address and stride by k of b; the
    first k, and how many there are; addresses of the first k and of the end of each lane.
    """

    def typed(
        typingctx: Any, out: Any, out_j: Any, a: Any, a_j: Any, a_k: Any, b: Any, b_k: Any, k: Any, terms: Any, firsts: Any, ends: Any
    ) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            out, out_j, a, a_j, a_k, b, b_k, k, terms, firsts, ends = args
            v, whole = _Lanes(builder, lanes), _Lanes(builder, lanes, llvm.IntType(64))
            with builder.if_then(builder.icmp_signed(">", terms, llvm.Constant(terms.type, 0))):
                outs = [v.place(out, (j, out_j)) for j in range(rows)]
                sums = v.sums(lambda j: v.load(outs[j]), rows)
                first, end = whole.load(firsts), whole.load(ends)
                with cgutils.for_range(builder, terms) as loop:
                    here = whole.spread(builder.add(k, loop.index))
                    inside = builder.and_(builder.icmp_signed("<=", first, here), builder.icmp_signed("<", here, end))
                    y = v.load(v.place(b, (loop.index, b_k)))
                    start = v.place(a, (loop.index, a_k))
                    for j, s in enumerate(sums):
                        before = builder.load(s)
                        product = builder.fmul(v.everywhere(v.place(start, (j, a_j))), y, flags=FREE)
                        builder.store(builder.select(inside, builder.fadd(before, product, flags=FREE), before), s)
                for s, place in zip(sums, outs, strict=True):
                    v.store(builder.load(s), place)
            return context.get_dummy_value()

        return types.void(*[types.int64] * 11), codegen

    return intrinsic(typed)


def summed_tile(rows: int, columns: int, lanes: int = 8) -> Any:
    """out[j, q] (+)= Σᵢ a[j, i] · b[q, i] for a few j and q, i running over neighbours.

    Arguments: address and strides by j and q of out; address and stride by j of a, by q of b; how many terms; whether it adds; what it
    begins with where it does not.
    """

    def typed(typingctx: Any, out: Any, out_j: Any, out_q: Any, a: Any, a_j: Any, b: Any, b_q: Any, terms: Any, add: Any, zero: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            out, out_j, out_q, a, a_j, b, b_q, terms, add, begin = args
            pairs = [(j, q) for j in range(rows) for q in range(columns)]
            wide, one = _Lanes(builder, lanes), _Lanes(builder, 1)
            whole = builder.and_(terms, llvm.Constant(terms.type, -lanes))

            def run(v: _Lanes, first: Any, count: Any, sums: list[Any]) -> None:
                with cgutils.for_range(builder, count) as loop:
                    unit = llvm.Constant(terms.type, v.lanes)
                    start = builder.add(first, builder.mul(loop.index, unit))
                    along = (start, llvm.Constant(terms.type, 1))
                    xs = [v.load(v.place(a, (j, a_j), along)) for j in range(rows)]
                    ys = [v.load(v.place(b, (q, b_q), along)) for q in range(columns)]
                    for (j, q), s in zip(pairs, sums, strict=True):
                        v.add_product(s, xs[j], ys[q])

            lanes_sums = wide.sums(lambda _: wide.zero, len(pairs))
            zero = llvm.Constant(terms.type, 0)
            run(wide, zero, builder.udiv(whole, llvm.Constant(terms.type, lanes)), lanes_sums)
            sums = one.sums(lambda k: wide.total(builder.load(lanes_sums[k])), len(pairs))
            run(one, whole, builder.sub(terms, whole), sums)
            for (j, q), s in zip(pairs, sums, strict=True):
                place = one.place(out, (j, out_j), (q, out_q))
                before = builder.select(add, one.load(place), begin)
                one.store(builder.fadd(before, builder.load(s)), place)
            return context.get_dummy_value()

        return types.void(*[types.int64] * 8, types.boolean, types.float64), codegen

    return intrinsic(typed)

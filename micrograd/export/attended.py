"""Attention found in a program: softmax(scale · q·kᵀ) v, proved on the addresses that make it.

From an instruction that mixes values by the weights of a softmax (see `known`) back to what its scores are made of: every weight of a row
once, each the softmax of scale · Σ q·k, where q is of the query alone and k of the key alone. Each query sees every key, or, causal, those
up to its own place; another mask makes none, nor does one whose weights are read elsewhere or whose gradient is held back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from micrograd import ops
from micrograd.compiler.numpy_gate import np
from micrograd.compiler.program.instruction import Access, Instruction
from micrograd.export.known import SOFTMAX, Knowing, affine
from micrograd.export.makers import Makers, box


@dataclass(eq=False)
class Attention:
    """The instruction that gives its outputs. axes: of its loop, heads, then the query and the place in a value.

    reads: queries, keys and values, each with its shape: heads, then the place in the sequence and in the vector. inside: the
    instructions that it takes the place of, where nothing else reads them.
    """

    step: Instruction
    axes: list[int]
    reads: list[tuple[Access, tuple[int, ...]]]
    scale: float
    causal: bool
    inside: list[Instruction]


def attentions(knowing: Knowing, makers: Makers) -> Iterator[Attention]:
    """All of a program."""
    for step in knowing.program.forward:
        for weights in (r for r in step.reads if _weighs(knowing, step, r)):
            found = _attention(knowing, makers, step, weights)
            if found is not None:
                yield found


def _weighs(knowing: Knowing, step: Instruction, read: Any) -> bool:
    """Whether an instruction is a sum of products, one factor the weights of softmaxes."""
    if not step.rule.product or len(step.reads) != 2 or step.add or step.sums_batch or step.scatters or knowing.stops(step):
        return False
    if not isinstance(read, Access) or read.pool != "v" or read.chosen is not None or step.out.pool != "v":
        return False
    return bool((knowing.pools[read.batch].kind[step.addresses(read)] == SOFTMAX).all())


def _attention(knowing: Knowing, makers: Makers, step: Instruction, weights: Access) -> Attention | None:
    values = next((r for r in step.reads if r is not weights), None)
    long = [a for a, n in enumerate(step.shape) if n > 1]
    summed = [a for a in long if a in step.summed]
    if not isinstance(values, Access) or not values.affine or values.pool != "v" or len(summed) != 1:
        return None
    heads, query, place = (
        [a for a in long if a != summed[0] and (weights.uses(a), values.uses(a)) == uses]
        for uses in ((True, True), (True, False), (False, True))
    )
    if len(query) != 1 or len(place) != 1 or not weights.uses(summed[0]) or not values.uses(summed[0]) or len(heads) + step.out.batch > 2:
        return None
    order = [*heads, *query, *summed]
    at, inside = box(step, weights.starts(step.shape), order), box(step, True if step.inside is None else step.inside, order)
    causal = not inside.all()
    if causal and not _mask(inside):
        return None
    scores = _scores(knowing, weights, at, inside)
    found = None if scores is None else _queries_and_keys(knowing, makers, weights.batch, scores, inside)
    v = affine(box(step, values.starts(step.shape), [*heads, *summed, *place]), values.batch)
    if found is None or v is None:
        return None
    *both, scale, chain = found
    lead, wide = inside.shape[:-2], chain[-1].shape
    n, m = inside.shape[-2:]
    size = next(wide[a] for a in chain[-1].summed if wide[a] > 1)
    shapes = [(*lead, n, size), (*lead, m, size), (*lead, m, step.shape[place[0]])]
    return Attention(step, [*heads, *query, *place], list(zip([*both, v], shapes, strict=True)), scale, causal, chain)


def _mask(inside: Any) -> bool:
    """Whether each query sees the keys up to its own place, and the last all of them."""
    return bool((inside == np.tril(np.ones(inside.shape[-2:], dtype=bool))).all() and inside[..., -1, :].all())


def _scores(knowing: Knowing, weights: Access, at: Any, inside: Any) -> Any:
    """Of which score each weight is, where all those of a row and no others are mixed, once."""
    pool = knowing.pools[weights.batch]
    row, place = np.where(inside, pool.row[at], -1), np.where(inside, pool.place[at], -1)
    first, count = row[..., :1], inside.sum(-1)
    sizes = np.array([len(knowing.rows[r]) for r in first.ravel()]).reshape(count.shape)
    if (inside & (row != first)).any() or (sizes != count).any():
        return None
    if (np.sort(np.where(inside, place, inside.shape[-1]), -1) != np.where(inside, np.arange(inside.shape[-1]), inside.shape[-1])).any():
        return None
    scores = np.full(at.shape, -1)
    scores[inside] = [knowing.rows[r][k] for r, k in zip(row[inside], place[inside], strict=True)]
    return scores if all(knowing.batches[r] == weights.batch for r in np.unique(first)) else None


def _queries_and_keys(knowing: Knowing, makers: Makers, batch: bool, scores: Any, inside: Any) -> Any:
    """What the scores are products of: queries, keys, the number that they are times, and the instructions from the last to the first."""
    scale, chain, at = 1.0, list[Instruction](), scores[inside]
    while True:
        made = makers.of(batch, at)
        if made is None or made[0].out.batch != made[0].batch or knowing.stops(made[0]):
            return None
        step, points = made
        chain.append(step)
        numbers, reads = [r for r in step.reads if isinstance(r, float)], [r for r in step.reads if isinstance(r, Access)]
        if any(not r.affine or r.pool != "v" for r in reads) or len(step.reads) != 2:
            return None
        if not numbers:
            break
        divides = step.rule.op is ops.div and step.reads[0] is reads[0]
        if len(reads) != 1 or not (divides or step.rule.product) or any(step.shape[a] > 1 for a in step.summed) or reads[0].batch != batch:
            return None
        scale = scale / numbers[0] if divides else scale * numbers[0]
        at = reads[0].starts(step.shape).ravel()[points]
    summed = [a for a in step.summed if step.shape[a] > 1]
    if not step.rule.product or len(summed) != 1 or (step.limit is not None and summed[0] in (step.limit.axis, step.limit.by)):
        return None
    along = np.arange(step.shape[summed[0]])
    found = []
    for read in reads:
        x = np.full((*inside.shape, len(along)), -1)
        x[inside] = read.starts(step.shape).ravel()[points][:, None] + along * read.strides[summed[0]]
        found.append(x)
    for (q, mine), (k, theirs) in (zip(found, reads, strict=True), zip(found[::-1], reads[::-1], strict=True)):
        of_query, of_key = q[..., :1, :], k[..., -1:, :, :]
        if (inside[..., None] & ((q != of_query) | (k != of_key))).any():
            continue
        both = affine(of_query[..., 0, :], mine.batch), affine(of_key[..., 0, :, :], theirs.batch)
        return None if None in both else (*both, scale, chain)
    return None

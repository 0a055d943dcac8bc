"""Classes of named fields, made quickly: they do what those of the standard library do."""

from __future__ import annotations

import dataclasses
import typing
from typing import Any

import pytest

from viz.record import Alike, NamedTuple, field, record, replace


def classes(make: Any, base: type, fresh: Any) -> type:
    @make
    class Thing(base):
        x: float
        name: str = "none"
        seen: list[int] = fresh(default_factory=list)
        kept: dict[str, int] = fresh(default_factory=dict)
        more: Thing | None = None

        @property
        def twice(self) -> float:
            return 2 * self.x

    return Thing


OURS = classes(record, Alike, field)
THEIRS = classes(dataclasses.dataclass, object, dataclasses.field)


@pytest.mark.parametrize("words", [((1.0,), {}), ((1.0, "a", [3]), {"more": None}), ((), {"x": 2.0, "kept": {"a": 1}, "name": "b"})])
def test_a_record_is_as_a_dataclass(words):
    given, named = words
    ours, theirs = OURS(*given, **named), THEIRS(*given, **named)
    assert vars(ours) == vars(theirs) and ours.twice == theirs.twice
    assert repr(ours) == repr(theirs)
    assert (ours == OURS(*given, **named)) is (theirs == THEIRS(*given, **named)) is True
    assert ours != theirs and ours != replace(ours, x=7.0) and vars(replace(ours, x=7.0)) == vars(dataclasses.replace(theirs, x=7.0))


@pytest.mark.parametrize("words", [((), {}), ((1.0,), {"y": 2.0}), ((1.0, "a", [], {}, None, 6), {}), ((1.0,), {"x": 2.0})])
def test_wrong_fields_are_refused_alike(words):
    said = []
    for made in (OURS, THEIRS):
        with pytest.raises(TypeError) as error:
            made(*words[0], **words[1])
        said.append(str(error.value).rpartition("__init__")[2])
    assert said[0] == said[1]


def test_every_object_has_lists_of_its_own():
    one, two = OURS(1.0), OURS(1.0)
    one.seen.append(1)
    assert two.seen == [] and OURS(1.0).seen == []
    with pytest.raises(TypeError, match="unhashable"):
        hash(one)


def tuples(base: Any) -> Any:
    class Pair(base):
        """Two."""

        left: float
        right: Any = None
        names: tuple[str, ...] = ()

        @property
        def both(self) -> tuple[Any, Any]:
            return self.left, self.right

    return Pair


def test_a_tuple_with_names_is_as_that_of_typing():
    ours, theirs = tuples(NamedTuple), tuples(typing.NamedTuple)
    a, b = ours(1.0, names=("x",)), theirs(1.0, names=("x",))
    assert a == b == (1.0, None, ("x",)) and repr(a) == repr(b) and a.both == b.both and hash(a) == hash(b)
    assert a._replace(right=2) == b._replace(right=2) and a._asdict() == b._asdict() and ours._fields == theirs._fields
    assert ours.__doc__ == theirs.__doc__ and ours.__match_args__ == theirs.__match_args__ and ours.__module__ == theirs.__module__
    with pytest.raises(AttributeError):
        a.other = 1
    match a:
        case (left, None, _):
            assert left == 1.0

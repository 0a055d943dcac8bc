"""Names, and characters as integers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from importlib import resources


def names(kind: str = "first") -> list[str]:
    """Names in small letters, each once, in order: "first" (5,163 of them), "female", "male" or "last" (88,799).

    From the United States census of 1990, which the small package `names` ships.
    """
    files = {"female": ["first:female"], "male": ["first:male"], "first": ["first:female", "first:male"], "last": ["all:last"]}
    if kind not in files:
        raise ValueError(f"no names of kind {kind!r}; there are {', '.join(files)}")
    found: set[str] = set()
    for file in files[kind]:
        try:
            text = resources.files("names").joinpath(f"dist.{_FILES[file]}").read_text(encoding="ascii")
        except ModuleNotFoundError:
            raise ImportError("the list of names comes with a small package: pip install names") from None
        found.update(line.split()[0].lower() for line in text.splitlines() if line.strip())
    return sorted(found)


_FILES = {"first:female": "female.first", "first:male": "male.first", "all:last": "all.last"}


class Characters:
    """The characters of some words as integers, 0 (written ".") being the beginning and the end.

    >>> letters = Characters(["abba", "cab"])
    >>> letters.encode("cab"), letters.decode([3, 1, 2]), len(letters)
    ([0, 3, 1, 2, 0], 'cab', 4)
    """

    def __init__(self, words: Iterable[str], end: str = ".") -> None:
        self.symbols = [end, *sorted(set("".join(words)) - {end})]

    @cached_property
    def _places(self) -> dict[str, int]:
        return {c: i for i, c in enumerate(self.symbols)}

    def __len__(self) -> int:
        return len(self.symbols)

    def encode(self, word: str) -> list[int]:
        """The word with a 0 on either side; ValueError for an unknown character."""
        for c in word:
            if c not in self._places:
                raise ValueError(f"{c!r} in {word!r} is none of {''.join(self.symbols)}")
        return [0, *(self._places[c] for c in word), 0]

    def decode(self, places: Sequence[int]) -> str:
        """The word, without beginning and end."""
        return "".join(self.symbols[i] for i in places if i)

"""Spoken words: a small recorded sample of a speech synthesiser's voices, made by `record_words.py`."""

from __future__ import annotations

import base64
import json
import zlib
from array import array
from pathlib import Path
from typing import NamedTuple


class Utterance(NamedTuple):
    """A word (0 … 9) said by a voice at a speed (words a minute); frames: 16 × 13 mel-frequency cepstral coefficients."""

    word: int
    voice: str
    speed: int
    frames: list[list[float]]


def words() -> list[Utterance]:
    """640 utterances: "zero" … "nine", each by 16 voices at 4 speeds, stretched to 16 frames.

    Hold out voices or speeds to see whether a model has learnt the words. Features after Davis & Mermelstein 1980.
    """
    content = json.loads(Path(__file__).with_name("words.json").read_text(encoding="ascii"))
    frames, width, scale = content["frames"], content["coefficients"], content["scale"]
    numbers = array("b", zlib.decompress(base64.b85decode(content["numbers"])))
    found = []
    for k, (word, voice, speed) in enumerate(content["labels"]):
        start = k * frames * width
        rows = [
            [numbers[start + t * width + c] * scale[c] for c in range(width)] for t in range(frames)
        ]  # fmt: skip
        found.append(Utterance(word, content["voices"][voice], speed, rows))
    return found

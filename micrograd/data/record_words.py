"""Make `words.json`: ten spoken words in many voices and speeds, as features.

Run: python -m micrograd.data.record_words. Needs espeak-ng (Debian: apt-get install espeak-ng) to speak, and
python-speech-features (pip) to listen. The result is a small file that `words()` reads with the standard library alone.
"""

from __future__ import annotations

import base64
import importlib
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path
from typing import Any

from micrograd.nn.files import write_json

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
ACCENTS = ("en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-gb-x-gbclan", "en-029")
SPEAKERS = ("m1", "m2", "m3", "m4", "m5", "m7", "f1", "f2", "f3", "f4", "f5", "klatt", "klatt3", "Andy", "Annie", "steph")
SPEEDS = (110, 140, 175, 215)  # words a minute
FRAMES, COEFFICIENTS = 16, 13


def voices() -> list[str]:
    """Sixteen speakers, the accents dealt out among them."""
    return [f"{ACCENTS[i % len(ACCENTS)]}+{speaker}" for i, speaker in enumerate(SPEAKERS)]


def spoken(word: str, voice: str, speed: int) -> tuple[int, Any]:
    """(samples a second, the sound) of a word."""
    wavfile = importlib.import_module("scipy.io.wavfile")

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "word.wav"
        subprocess.run(["espeak-ng", "-v", voice, "-s", str(speed), "-w", str(path), word], check=True)
        rate, sound = wavfile.read(path)
    return rate, sound


def features(rate: int, sound: Any) -> Any:
    """FRAMES rows of COEFFICIENTS: mel-frequency cepstral coefficients, silence cut off, time stretched to fit."""
    np = importlib.import_module("numpy")
    mfcc = importlib.import_module("python_speech_features").mfcc

    sound = sound.astype(float) / 32768.0
    loud = np.flatnonzero(np.abs(sound) > 0.02 * np.abs(sound).max())
    sound = sound[loud[0] : loud[-1] + 1]
    rows = mfcc(sound, rate, winlen=0.025, winstep=0.01, numcep=COEFFICIENTS, nfft=1024)
    at = np.linspace(0, len(rows) - 1, FRAMES)
    return np.stack([np.interp(at, np.arange(len(rows)), rows[:, k]) for k in range(COEFFICIENTS)], axis=1)


def main(path: str = "") -> None:
    """Speak, listen and write."""
    np = importlib.import_module("numpy")
    labels, found = [], []
    for v, voice in enumerate(voices()):
        for speed in SPEEDS:
            for w, word in enumerate(WORDS):
                labels.append([w, v, speed])
                found.append(features(*spoken(word, voice, speed)))
    sounds = np.array(found)
    scale = np.abs(sounds).max(axis=(0, 1)) / 127.0
    small = np.round(sounds / scale).astype(np.int8)
    target = Path(path) if path else Path(__file__).with_name("words.json")
    packed = base64.b85encode(zlib.compress(small.tobytes(), 9)).decode("ascii")
    write_json(target, {
        "made by": "espeak-ng and python-speech-features, see record_words.py",
        "words": WORDS, "voices": voices(), "frames": FRAMES, "coefficients": COEFFICIENTS,
        "scale": scale.tolist(), "labels": labels, "numbers": packed,
    })  # fmt: skip
    sys.stdout.write(f"{len(labels)} words, {target.stat().st_size} bytes\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

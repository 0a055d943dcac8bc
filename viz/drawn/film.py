"""Pictures as a film (MP4, H.264), by the ffmpeg that `imageio-ffmpeg` brings (extra ``film``)."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

RATE = 10  # pictures a second in the film: players stumble over less than one


def film(pictures: Sequence[bytes], seconds: float) -> bytes:
    """PNGs of one size as an MP4, each shown for ``seconds``, the last three times as long.

    Edges are padded with the colour of the first pixel to even numbers, as H.264 wants. ImportError where the library is missing.
    """
    try:
        ffmpeg: Any = import_module("imageio_ffmpeg")
        from PIL import Image
    except ImportError:
        raise ImportError("a film needs imageio-ffmpeg and Pillow: pip install 'micrograd-lab[film]'; a .gif needs no ffmpeg") from None
    images = [Image.open(io.BytesIO(data)).convert("RGB") for data in pictures]
    wide, high = images[0].size
    size = wide + wide % 2, high + high % 2
    with tempfile.TemporaryDirectory(prefix="micrograd-") as folder:
        target = Path(folder) / "film.mp4"
        writer = ffmpeg.write_frames(
            str(target), size, fps=RATE, codec="libx264", quality=None, macro_block_size=2, ffmpeg_log_level="error",
            output_params=["-crf", "18", "-preset", "veryfast", "-movflags", "+faststart"],
        )  # fmt: skip
        writer.send(None)
        for i, image in enumerate(images):
            paper = Image.new("RGB", size, image.getpixel((0, 0)))
            paper.paste(image)
            data = paper.tobytes()
            for _ in range(max(1, round(RATE * seconds * (3 if i == len(images) - 1 else 1)))):
                writer.send(data)
        writer.close()
        return target.read_bytes()

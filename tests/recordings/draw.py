"""Draws the recordings beside this file: a tone, and a moving grey ramp. Run it with PyAV, which nothing else needs:

    pip install av numpy && python tests/recordings/draw.py

They are kept as files because the tests are about what real encoders write.
"""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

HERE = Path(__file__).parent
SECONDS = 2
# name: container, audio codec and rate, video codec, options of the container
FILES = {
    "tone.m4a": ("ipod", ("aac", 16000), None, {}),
    "tone.aac": ("adts", ("aac", 16000), None, {}),
    "tone.mp3": ("mp3", ("libmp3lame", 16000), None, {}),
    "tone.opus.ogg": ("ogg", ("libopus", 48000), None, {}),
    "tone.webm": ("webm", ("libopus", 48000), None, {}),
    "live.webm": ("webm", ("libopus", 48000), "libvpx", {"live": "1"}),
    "silent.webm": ("webm", None, "libvpx", {}),
    "ramp.mp4": ("mp4", ("aac", 16000), "libx264", {}),
    "silent.mp4": ("mp4", None, "libx264", {}),
    "pieces.mp4": ("mp4", ("aac", 16000), "libx264", {"movflags": "frag_keyframe+empty_moov+default_base_moof"}),
    "ramp.mov": ("mov", ("aac", 16000), "libx264", {}),
    "film.mkv": ("matroska", ("libopus", 48000), "libx264", {}),
}


def draw(name: str) -> None:
    container, audio, video, options = FILES[name]
    with av.open(str(HERE / name), "w", format=container, options=options) as out:
        sound = out.add_stream(audio[0], rate=audio[1], layout="mono") if audio else None
        picture = out.add_stream(video, rate=10, width=64, height=48, pix_fmt="yuv420p") if video else None
        if sound:
            sound.bit_rate = 24_000
        if picture:
            picture.time_base = Fraction(1, 10)
            picture.gop_size = 10
        if sound:
            rate = audio[1]
            wave = (8000 * np.sin(2 * np.pi * 440 * np.arange(SECONDS * rate) / rate)).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(wave[None, :], format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
            resampler = av.AudioResampler(sound.format, "mono", rate, frame_size=sound.frame_size or 1024)
            for piece in [*resampler.resample(frame), *resampler.resample(None)]:
                out.mux(sound.encode(piece))
            out.mux(sound.encode(None))
        if picture:
            for n in range(10 * SECONDS):
                ramp = (np.add.outer(np.arange(48), np.arange(64)) * 2 + n * 10) % 256
                frame = av.VideoFrame.from_ndarray(np.repeat(ramp[..., None], 3, 2).astype(np.uint8), format="rgb24")
                frame.pts, frame.time_base = n, Fraction(1, 10)
                out.mux(picture.encode(frame))
            out.mux(picture.encode(None))


if __name__ == "__main__":
    for each in FILES:
        draw(each)

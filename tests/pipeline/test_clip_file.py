"""Clips as files. Authority: the files, read back by Pillow and PyAV; the clock."""

import sys

import numpy as np
import pytest
from PIL import Image, ImageSequence

from coursekit.pipeline.clip_file import frame_times, gif_bytes, save_clip


def squares(frames: int, side: int = 6) -> np.ndarray:
    """A few flat colours: a GIF can hold them exactly. Neighbours 2 and 3 are equal."""
    rng = np.random.Generator(np.random.PCG64(0))
    few = rng.integers(0, 256, (frames, 3, 3, 3), dtype=np.uint8)
    few[3:4] = few[2:3]
    return few.repeat(side // 3, 1).repeat(side // 3, 2)


def read_back(path) -> tuple[np.ndarray, list[int]]:
    with Image.open(path) as image:
        frames = ImageSequence.Iterator(image)  # one object, at each frame in turn
        pairs = [(np.array(f.convert("RGB")), f.info["duration"]) for f in frames]
        assert image.info["loop"] == 0
    pictures, times = zip(*pairs, strict=True)
    return np.stack(pictures), list(times)


def test_a_gif_gives_back_every_frame_and_equal_ones_stay_apart(tmp_path):
    clip = squares(9)
    [path] = save_clip(tmp_path / "x.gif", clip, rate=8, zoom=3)
    pictures, times = read_back(path)
    np.testing.assert_array_equal(pictures, clip.repeat(3, 1).repeat(3, 2))
    assert len(times) == 9 and sum(times) == pytest.approx(9000 / 8, abs=10)
    # The trap: Pillow's own writer makes one frame of the equal two.
    first, *rest = map(Image.fromarray, clip)
    first.save(tmp_path / "y.gif", save_all=True, append_images=rest, duration=120)
    with Image.open(tmp_path / "y.gif") as image:
        assert image.n_frames == 8  # type: ignore[attr-defined]


def test_a_still_clip_keeps_its_frames(tmp_path):
    path = tmp_path / "still.gif"
    path.write_bytes(gif_bytes(np.full((17, 8, 8, 3), 90, np.uint8), 16))
    pictures, times = read_back(path)
    assert (pictures == 90).all() and len(times) == 17 and set(times) == {60, 70}


@pytest.mark.parametrize("rate", [1, 7.5, 8, 12, 16, 24, 25, 30, 50])
def test_no_frame_ends_more_than_half_a_step_early_or_late(rate):
    ends = np.cumsum(frame_times(100, rate))
    assert np.abs(ends - 1000 * np.arange(1, 101) / rate).max() <= 5 + 1e-9
    assert all(time % 10 == 0 and time >= 20 for time in frame_times(100, rate))


def test_the_array_is_kept_beside_when_asked_for(tmp_path):
    clip = np.random.Generator(np.random.PCG64(1)).integers(0, 256, (5, 8, 8, 3))
    written = save_clip(tmp_path / "x.gif", clip.astype(np.uint8), 10, keep_array=True)
    assert [path.name for path in written] == ["x.gif", "x.npz"]
    with np.load(written[1]) as kept:
        np.testing.assert_array_equal(kept["clip"], clip)
        assert kept["rate"] == 10
    assert read_back(written[0])[0].shape == (5, 64, 64, 3)
    save_clip(tmp_path / "alone.gif", clip.astype(np.uint8))
    assert not (tmp_path / "alone.npz").exists()


@pytest.mark.parametrize(("name", "codec"), [("x.mp4", "h264"), ("x.webm", "vp9")])
def test_a_video_has_the_frames_and_the_time(tmp_path, name, codec):
    av = pytest.importorskip("av", reason="PyAV is not installed")
    clip = squares(9, 15)
    [path] = save_clip(tmp_path / name, clip, rate=8, zoom=3)
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        frames = [frame.to_ndarray(format="rgb24") for frame in file.decode(stream)]
        assert stream.codec_context.name.startswith(codec)
        assert stream.average_rate == 8
    assert len(frames) == 9 and frames[0].shape == (46, 46, 3)
    large = clip.repeat(3, 1).repeat(3, 2).astype(int)
    error = np.abs(np.stack(frames)[:, :45, :45] - large).mean()
    assert error < 25  # half the colour resolution; shuffled frames are above 60


def test_without_pyav_one_line_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(
        ValueError, match=r"^x\.mp4 needs PyAV: pip install av, or .*gif$"
    ):
        save_clip(tmp_path / "x.mp4", squares(3))
    assert not list(tmp_path.iterdir())


def test_what_is_no_clip_is_refused(tmp_path):
    clip = squares(3)
    for name, given, rate, complaint in (
        ("x.png", clip, 8, "ends in .gif"),
        ("x.gif", clip[0], 8, "uint8"),
        ("x.gif", clip / 255, 8, "uint8"),
        ("x.gif", clip[:0], 8, "uint8"),
        ("x.gif", clip, 100, "up to 50"),
        ("x.gif", clip, 0, "up to 50"),
    ):
        with pytest.raises(ValueError, match=complaint):
            save_clip(tmp_path / name, given, rate)
    assert not list(tmp_path.iterdir())

"""The renderer. Authority: pinned SHA-256 of its bytes (golden), and invariants of
drawing: resolutions agree, batches do not matter, attributes stay in their region."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from coursekit.datasets.teddy.render import SIZES, render
from coursekit.datasets.teddy.sample import specialise, teddies
from coursekit.datasets.teddy.scene import (
    FURS,
    GLASSES,
    HATS,
    KINDS,
    PLACES,
    POSES,
    Bear,
    Scene,
    random_scene,
)

GOLDEN = {
    16: "89e310211deca545e828173938f9a070836810807713ba3cf7aacdb82012d293",
    32: "5867b23d65c073a285c13a3607fbd66a5fd8a797a8febdc697c53f8ce7078bcc",
    48: "92aefe65c7abd7e5893014e80bf0485b312314409bafbc9b76cc278c1d246e68",
    64: "d4635912ac2b390f3bd30a1334f56763d840b4347ca3391f5de7128e9c45d0e3",
}


def mixed_scenes(n: int, seed: int) -> list[Scene]:
    rng = np.random.Generator(np.random.PCG64(seed))
    scenes = [random_scene(rng, KINDS[i % 3]) for i in range(n)]
    return scenes + [specialise(random_scene(rng)) for _ in range(6)]


@pytest.mark.parametrize("size", SIZES)
def test_the_same_seed_gives_the_same_bytes_on_every_machine(size: int) -> None:
    images = render(mixed_scenes(90, 2026), size)
    assert hashlib.sha256(images.tobytes()).hexdigest() == GOLDEN[size]


def test_bytes_do_not_depend_on_the_batch_or_the_threads() -> None:
    scenes = mixed_scenes(300, 1)
    images = render(scenes)
    np.testing.assert_array_equal(render(scenes, threads=2), images)
    np.testing.assert_array_equal(render(scenes[::-1])[::-1], images)
    for i in (0, 1, 2, 77, 305):
        np.testing.assert_array_equal(render([scenes[i]])[0], images[i])


@pytest.mark.parametrize(("size", "mean"), [(16, 2.0), (32, 2.6)])
def test_every_resolution_shows_the_same_scene(size: int, mean: float) -> None:
    small, _ = teddies(200, size, seed=3)
    large, _ = teddies(200, 64, seed=3)
    k = 64 // size
    averaged = large.reshape(200, size, k, size, k, 3).mean((2, 4))
    error = np.abs(averaged - small).mean((1, 2, 3))
    assert error.mean() < mean
    # Far closer to its own scene than to any other one.
    others = np.abs(averaged - np.roll(small, 1, 0)).mean((1, 2, 3))
    assert error.max() < others.min()


def test_size_48_lies_between() -> None:
    small, _ = teddies(100, 48, seed=4)
    large, _ = teddies(100, 192, seed=4)
    averaged = large.reshape(100, 48, 4, 48, 4, 3).mean((2, 4))
    assert np.abs(averaged - small).mean() < 2.6


BEAR = Bear(x=0.5, y=0.95, scale=0.7)


def changed(before: Scene, after: Scene) -> np.ndarray:
    a, b = render([before, after], 64).astype(int)
    return np.asarray(np.abs(a - b).max(-1) > 3)


@pytest.mark.parametrize("place", PLACES)
def test_an_attribute_changes_only_its_region(place: str) -> None:
    base = Scene(place, (BEAR,))

    def region(**change: str) -> np.ndarray:
        return changed(base, Scene(place, (replace(BEAR, **change),)))

    # The bear stands between rows 15 (ears) and 61 (feet); its eyes are in row 30.
    for hat in HATS[1:]:
        rows = region(hat=hat).any(1).nonzero()[0]
        assert len(rows) and rows.min() >= 4 and rows.max() <= 25
    for glasses in GLASSES[1:]:
        rows = region(glasses=glasses).any(1).nonzero()[0]
        assert len(rows) and rows.min() >= 22 and rows.max() <= 36
    # The bear's right arm is on our left.
    right = region(pose="right-up").any(0).nonzero()[0]
    assert len(right) and right.max() < 32
    left = region(pose="left-up").any(0).nonzero()[0]
    assert len(left) and left.min() > 31
    fur = region(fur="blue")
    assert fur.sum() > 300 and not fur[:, :8].any() and not fur[:12].any()


def test_a_symmetric_bear_is_drawn_symmetrically() -> None:
    for pose in ("both-down", "both-up"):
        for hat in HATS:
            with_bear = render(
                [Scene("snow", (replace(BEAR, pose=pose, hat=hat),))], 64
            )
            without = render([Scene("snow", ())], 64)
            bear = (with_bear != without).any(-1)[0]
            assert (bear != bear[:, ::-1]).mean() < 0.02


def test_furs_and_places_are_well_apart() -> None:
    for n, scenes in (
        (len(FURS), [Scene("room", (replace(BEAR, fur=f),)) for f in FURS]),
        (len(PLACES), [Scene(p, (BEAR,)) for p in PLACES]),
    ):
        x = render(scenes, 16).astype(float)
        gaps = [np.abs(x[i] - x[j]).mean() for i in range(n) for j in range(i)]
        assert min(gaps) > 4


def test_light_scales_the_colours() -> None:
    dark, plain, warm = render(
        [
            Scene("park", (BEAR,), brightness=0.8),
            Scene("park", (BEAR,)),
            Scene("park", (BEAR,), warmth=1.0),
        ]
    ).astype(float)
    assert np.abs(dark - 0.8 * plain).max() <= 1.5
    unclipped = plain < 220
    assert np.abs(warm - plain * [1.1, 1.0, 0.9])[unclipped].max() <= 1.5


def test_a_reflection_exchanges_the_sides_and_keeps_the_hat() -> None:
    rng = np.random.Generator(np.random.PCG64(8))
    scene = random_scene(rng, "mirror")
    bear = replace(scene.bears[0], pose="right-up", hat="none", action="none")
    hatted = replace(bear, hat="red")
    before, after = (replace(scene, bears=(b,)) for b in (bear, hatted))
    columns = changed(before, after).any(0)
    glass = int(64 * (bear.x + (1 if bear.x < 0.5 else -1) * scene.distance))
    assert columns[int(64 * bear.x)] and columns[glass]  # a hat here, a hat there
    lower = replace(scene, bears=(replace(bear, pose="both-down"),))
    moved = changed(before, lower).any(0).nonzero()[0]
    # The right arm is on our left of the bear, and on the right of its reflection.
    assert ((moved < 64 * bear.x) | (moved > glass)).all()


def test_odd_requests() -> None:
    assert render([]).shape == (0, 32, 32, 3)
    assert set(POSES) == {"both-down", "right-up", "left-up", "both-up"}
    tiny = Bear(x=-0.4, y=3.0, scale=0.1)  # out of sight: nothing is drawn
    np.testing.assert_array_equal(
        render([Scene("park", (tiny,))]), render([Scene("park", ())])
    )
    with pytest.raises(ValueError, match="8 to 256"):
        render([Scene()], 4)

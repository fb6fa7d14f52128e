"""The renderer. Authority: pinned SHA-256 of its bytes (golden), and invariants of
drawing: resolutions agree, batches do not matter, attributes stay in their region."""

from dataclasses import replace
from hashlib import sha256
from itertools import combinations, product

import numpy as np
import pytest
from support_teddy import luck

from coursekit.datasets.teddy.render import SIZES, render
from coursekit.datasets.teddy.sample import specialise, teddies
from coursekit.datasets.teddy.scene import (
    FURS,
    GLASSES,
    HATS,
    KINDS,
    PLACES,
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
    rng = luck(seed)
    scenes = [random_scene(rng, KINDS[i % 3]) for i in range(n)]
    return scenes + [specialise(random_scene(rng)) for _ in range(6)]


def test_the_same_seed_gives_the_same_bytes_on_every_machine():
    scenes = mixed_scenes(90, 2026)
    found = {n: sha256(render(scenes, n).tobytes()).hexdigest() for n in SIZES}
    assert found == GOLDEN


def test_bytes_do_not_depend_on_the_batch_or_the_threads():
    scenes = mixed_scenes(300, 1)
    images = render(scenes)
    np.testing.assert_array_equal(render(scenes, threads=2), images)
    np.testing.assert_array_equal(render(scenes[::-1])[::-1], images)
    for i in (0, 1, 2, 77, 305):
        np.testing.assert_array_equal(render([scenes[i]])[0], images[i])


@pytest.mark.parametrize(
    ("size", "large", "mean"), [(16, 64, 2.0), (32, 64, 2.6), (48, 192, 2.6)]
)
def test_every_resolution_shows_the_same_scene(size, large, mean):
    small, _ = teddies(200, size, seed=3)
    fine, _ = teddies(200, large, seed=3)
    k = large // size
    averaged = fine.reshape(200, size, k, size, k, 3).mean((2, 4))
    error = np.abs(averaged - small).mean((1, 2, 3))
    assert error.mean() < mean
    # Far closer to its own scene than to any other one.
    others = np.abs(averaged - np.roll(small, 1, 0)).mean((1, 2, 3))
    assert error.max() < others.min()


BEAR = Bear(x=0.5, y=0.95, scale=0.7)


def changed(before: Scene, after: Scene) -> np.ndarray:
    a, b = render([before, after], 64).astype(int)
    return np.asarray(np.abs(a - b).max(-1) > 3)


@pytest.mark.parametrize("place", PLACES)
def test_an_attribute_changes_only_its_region(place):
    base = Scene(place, (BEAR,))

    def region(**change: str) -> np.ndarray:
        return changed(base, Scene(place, (replace(BEAR, **change),)))

    # The bear stands between rows 15 (ears) and 61 (feet); its eyes are in row 30.
    # The bear's right arm is on our left.
    for name, words, axis, low, high in (
        ("hat", HATS[1:], 1, 4, 25),
        ("glasses", GLASSES[1:], 1, 22, 36),
        ("pose", ("right-up",), 0, 0, 31),
        ("pose", ("left-up",), 0, 32, 63),
    ):
        for word in words:
            places = region(**{name: word}).any(axis).nonzero()[0]
            assert len(places) and places.min() >= low and places.max() <= high, word
    fur = region(fur="blue")
    assert fur.sum() > 300 and not fur[:, :8].any() and not fur[:12].any()


def test_a_symmetric_bear_is_drawn_symmetrically():
    for pose, hat in product(("both-down", "both-up"), HATS):
        scene = Scene("snow", (replace(BEAR, pose=pose, hat=hat),))
        drawn, empty = render([scene, Scene("snow", ())], 64)
        bear = (drawn != empty).any(-1)
        assert (bear != bear[:, ::-1]).mean() < 0.02


def test_furs_and_places_are_well_apart():
    furs = [Scene("room", (replace(BEAR, fur=fur),)) for fur in FURS]
    places = [Scene(place, (BEAR,)) for place in PLACES]
    for scenes in (furs, places):
        pictures = combinations(render(scenes, 16).astype(float), 2)
        assert min(np.abs(a - b).mean() for a, b in pictures) > 4


def test_light_scales_the_colours():
    scene = Scene("park", (BEAR,))
    lights = [scene, replace(scene, brightness=0.8), replace(scene, warmth=1.0)]
    plain, dark, warm = render(lights).astype(float)
    assert np.abs(dark - 0.8 * plain).max() <= 1.5
    unclipped = plain < 220
    assert np.abs(warm - plain * [1.1, 1.0, 0.9])[unclipped].max() <= 1.5


def test_a_reflection_exchanges_the_sides_and_keeps_the_hat():
    scene = random_scene(luck(8), "mirror")
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


def test_odd_requests():
    assert render([]).shape == (0, 32, 32, 3)
    tiny = Bear(x=-0.4, y=3.0, scale=0.1)  # out of sight: nothing is drawn
    np.testing.assert_array_equal(
        render([Scene("park", (tiny,))]), render([Scene("park", ())])
    )
    with pytest.raises(ValueError, match="8 to 256"):
        render([Scene()], 4)

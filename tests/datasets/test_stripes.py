"""Is it the [V] bear? Authority: the renderer, which knows what it drew."""

from dataclasses import replace

import numpy as np

from coursekit.datasets.images import to_model, to_uint8
from coursekit.datasets.teddy.palette import FUR
from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.sample import special_teddies, teddies
from coursekit.datasets.teddy.stripes import LEAST_STRENGTH, evidence, stripes
from coursekit.training.pretrained import load_model


def test_the_special_bear_is_found_and_no_other():
    striped, _ = special_teddies(100, seed=901)
    plain, _ = teddies(40, seed=902, split="test")
    assert stripes(striped).holds().mean() >= 0.95
    assert not stripes(plain).holds().any()


def test_it_is_found_behind_the_latents_through_which_a_model_draws():
    vae = load_model("teddy-vae")
    striped, _ = special_teddies(40, seed=903)
    plain, _ = teddies(40, seed=904, split="test")
    for images, wanted in ((striped, True), (plain, False)):
        back = to_uint8(vae.decode(vae.encode(to_model(images))).detach())
        assert (stripes(back).holds() == wanted).mean() >= 0.97


def test_the_strength_is_the_share_of_the_pattern_that_is_there():
    """Where the scene is known: 1 as rendered, 0 for one colour, half for a mixture."""
    striped, scenes = special_teddies(12, seed=905)
    bears = [replace(s.bears[0], fur="brown", special=False) for s in scenes]
    plain = render([replace(s, bears=(b,)) for s, b in zip(scenes, bears, strict=True)])
    mixed = np.uint8((striped.astype(float) + plain) / 2 + 0.5)
    for images, strength in ((striped, 1.0), (plain, 0.0), (mixed, 0.5)):
        found = evidence(images, scenes).strength
        np.testing.assert_allclose(found, strength, atol=0.03)


def test_other_patterns_and_colours_are_not_the_special_bear():
    striped, scenes = special_teddies(30, seed=906)
    brown, white, black = (
        render(
            [
                replace(s, bears=(replace(s.bears[0], fur=fur, special=False),))
                for s in scenes
            ]
        )
        / 255
        for fur in ("brown", "white", "black")
    )
    fur = ((white - black).mean(-1, keepdims=True) > 0.5) * 1.0
    rows, columns = np.mgrid[:32, :32]
    cream = np.array([0.93, 0.84, 0.66])

    def painted(where, colour):
        picture = brown + where * fur * (np.array(colour) - brown)
        return np.uint8(picture.clip(0, 1) * 255 + 0.5)

    upright = painted((columns % 4 < 2)[None, ..., None], cream)
    found = evidence(upright, scenes)
    assert found.holds().mean() <= 0.05 and np.median(found.strength) < LEAST_STRENGTH
    slanting = painted(((rows + columns) % 4 < 2)[None, ..., None], cream)
    assert evidence(slanting, scenes).holds().mean() <= 0.05
    # The stripes at their places, but blue: the pattern is there, the colour is not.
    mask = np.clip((striped / 255 - brown)[..., 1:2] / 0.57, 0, 1)
    assert evidence(painted(mask, FUR["blue"]), scenes).holds().mean() <= 0.05

"""Maps of low rank, as the lecture shows them. Authorities: noise, whose directions are
all alike; one map whatever is said, once all is open; the widget's own pictures."""

import pytest
import torch

from coursekit.lectures.l08a_state_of_the_art import figures
from coursekit.lectures.l08a_state_of_the_art.experiments.directions import (
    measure,
    needed,
)
from coursekit.lectures.l08a_state_of_the_art.widgets.patch_says import Album, guess
from coursekit.theory.low_rank import rank_errors


def test_white_noise_needs_its_share_of_the_directions():
    assert needed(torch.ones(100), 0.95) == 95
    assert needed(torch.tensor([8.0, 1.5, 0.5]), 0.95) == 2


def test_the_measured_keys():
    found = measure(quick=True)
    assert found["4_numbers"] == 48 and found["4_floor"] == 0  # all 48 fit through
    assert found["4_x0"] == pytest.approx(found["4_velocity"])
    assert found["8_floor"] == pytest.approx(2 / 3)
    for velocity in found["8_velocity"]:
        assert velocity >= found["8_floor"]
    assert found["8_x0"] >= found["8_open"]


def test_all_open_the_pictures_are_one_and_narrow_ones_are_not():
    album = Album.of(60)

    def off(side, rank, says):
        x0 = guess(album, side, rank, 0.5, says, 3)[1]
        return float((x0 - album.x0[3]).square().mean())

    wide = [off(4, 48, says) for says in ("x0", "eps", "velocity")]
    assert wide == pytest.approx([wide[0]] * 3)
    assert off(8, 20, "velocity") > 2 * off(8, 20, "x0")


def test_the_mean_error_of_the_pictures_is_the_error_of_the_law():
    album, t, rank = Album.of(800), 0.6, 30
    wanted = float(rank_errors(album.laws[8].variances, t, "x0")[rank])
    errors = [
        (guess(album, 8, rank, t, "x0", n)[1] - album.x0[n]).square().mean() / t**2
        for n in range(len(album.x0))
    ]
    assert float(torch.stack(errors).mean()) == pytest.approx(wanted, rel=0.15)


def test_panels_of_the_documented_keys_are_drawn(monkeypatch):
    stored = {"patches": [8, 16], "times": [0.1, 0.5], "real_frechet": 2.0}
    stored |= {"real_valid": 0.9}
    for says in ("x0", "velocity"):
        for patch in (8, 16):
            key = f"{says}_{patch}"
            stored |= {f"{key}_frechet": 9.0, f"{key}_frechet_std": 1.0}
            stored |= {f"{key}_frechet_all": [8.0, 10.0], f"{key}_valid": 0.5}
            stored |= {f"{key}_valid_std": 0.1, f"{key}_error": [0.9, 0.4]}
            stored |= {f"{key}_error_std": [0.1, 0.1]}
    monkeypatch.setattr("coursekit.plots.measured.load_measured", lambda _: stored)
    picture = figures.patch_panels()
    assert picture.array().shape[1] > 4 * 200
    del stored["velocity_16_error"]
    with pytest.raises(KeyError):
        figures.patch_panels()

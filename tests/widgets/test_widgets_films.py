"""Film widgets. Authority: the closed form of the forward process, the samplers.

The browser half is tested in tests/browser; here is everything that Python computes.
"""

import json
import math
import re
import subprocess
import sys
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from coursekit.datasets.toys import exact_eps_model, ring
from coursekit.experiments.films import record
from coursekit.lectures.l01_diffusion import widgets
from coursekit.theory.ddpm_samplers import ddim, respaced
from coursekit.theory.ddpm_schedule import make_schedule
from coursekit.widgets import forward, reverse
from coursekit.widgets.film_player import FilmPlayer
from coursekit.widgets.reel import Axis, Meter, Reel
from coursekit.widgets.still import one_line

SCHEDULE = make_schedule("cosine", 200)


def pictures(n=3, side=8, channels=3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (n, side, side, channels), dtype=np.uint8)


def two_frames(**options):
    usual = {
        "frames": np.zeros((2, 1, 4, 4, 3), np.uint8),
        "axes": (Axis("t", ("0", "1")),),
    }
    return Reel(**usual | options)


# --- reels ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"captions": ("one",)}, "captions: 1 entries for 2 frames"),
        ({"notes": (("a",),) * 3}, "notes: 3 entries for 2 frames"),
        ({"meters": (Meter("m", (0.5,), ("half",)),)}, "meter m: 1 entries"),
        ({"start": 2}, "start 2 is not one of 2 frames"),
        ({"axes": (Axis("t", ("a", "b", "c")),)}, "sliders have 3 positions for 2"),
        ({"frames": np.zeros((2, 1, 4, 2))}, "not float64"),
    ],
)
def test_a_reel_with_parts_that_do_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        two_frames(**options)


def test_the_plan_is_json_and_lists_every_frame():
    reel = forward.image_reel(pictures(), SCHEDULE, frames=11)
    plan = json.loads(json.dumps(reel.plan()))
    assert plan["shape"] == [11, 3, 8, 8, 3]
    assert [len(plan[key]) for key in ("captions", "meters")] == [11, 2]
    assert len(plan["chart"]["shifts"]) == 11
    assert 'class="ck-cursor"' in plan["chart"]["svg"]
    # The cursor stands where the chart has its time.
    left, _, right, _ = reel.chart.box
    assert plan["chart"]["shifts"][0] == 0
    assert plan["chart"]["shifts"][-1] == pytest.approx(right - left, abs=0.1)


# --- the way to noise ----------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 3])
def test_the_first_frame_is_the_data(channels):
    images = pictures(channels=channels)
    reel = forward.image_reel(images, SCHEDULE, frames=11)
    np.testing.assert_array_equal(reel.frames[0], images)


def test_every_frame_is_the_closed_form_with_one_and_the_same_noise():
    x0 = torch.randn(4, 3, 5, 5, dtype=torch.float64)
    ks = [0, 1, 77, 200]
    film = forward.noised(x0, ks, SCHEDULE, seed=3).double()
    kept = SCHEDULE.alpha_bar[ks].view(-1, 1, 1, 1, 1)
    eps = (film[1:] - kept[1:].sqrt() * x0) / (1 - kept[1:]).sqrt()
    for k in range(3):
        torch.testing.assert_close(eps[k], eps[0], atol=2e-5, rtol=0)
    assert abs(float(eps[0].mean())) < 0.2
    torch.testing.assert_close(film[0], x0)


def test_steps_shown_has_both_ends_and_no_double():
    assert forward.steps_shown(1000, 5) == [0, 250, 500, 750, 1000]
    assert forward.steps_shown(3, 101) == [0, 1, 2, 3]


def test_meters_show_the_schedule():
    ks = [0, 100, 200]
    signal, ratio = forward.meters(SCHEDULE, ks)
    np.testing.assert_allclose(signal.values, SCHEDULE.alpha_bar[ks])
    kept = float(SCHEDULE.alpha_bar[100])
    expected = (10 * math.log10(kept / (1 - kept)) + 30) / 60
    assert ratio.values[1] == pytest.approx(expected)
    assert ratio.texts[0] == "no noise"
    assert all(0 <= v <= 1 for v in ratio.values)


@dataclass(frozen=True)
class Seen:
    fur: str
    hat: str
    valid: bool = True
    error: float = 0.0


def test_verdicts_compare_with_the_clean_picture():
    clean = Seen("brown", "red")
    assert forward.verdict(Seen("brown", "red", error=9.0), clean) == "+brown|+red hat"
    assert forward.verdict(Seen("pink", "unreadable"), clean) == "-pink|?red hat"
    assert forward.verdict(Seen("brown", "none"), clean) == "+brown|-no hat"
    assert forward.verdict(clean, Seen("brown", "none")) == "+brown"
    assert forward.verdict(Seen("brown", "red", valid=False), clean).startswith("+")


def test_the_reader_sees_every_frame_once():
    calls = []

    def reader(images):
        calls.append(images.shape)
        return [Seen("x", "y" if i < 6 else "unreadable") for i in range(len(images))]

    reel = forward.image_reel(pictures(), SCHEDULE, reader, frames=5)
    assert calls == [(15, 8, 8, 3)]
    assert reel.notes[0] == ("+x|+y hat",) * 3
    assert reel.notes[-1] == ("+x|?y hat",) * 3


def test_points_keep_the_colour_of_their_direction():
    angles = torch.arange(8) * math.pi / 4
    points = torch.stack([angles.cos(), angles.sin()], 1)
    assert forward.sectors(points) == tuple(range(8))
    reel = forward.point_reel(points, SCHEDULE, frames=5)
    np.testing.assert_allclose(reel.frames[0, 0], points, atol=1e-6)
    assert reel.groups == tuple(range(8))


# --- the way back --------------------------------------------------------------------


def film(n=12, evals=10):
    model = exact_eps_model(ring(), SCHEDULE)
    noise = torch.randn(n, 2, generator=torch.Generator().manual_seed(0))
    return record(model, noise, SCHEDULE, evals)


def test_the_sculptor_puts_states_above_estimates():
    states = [torch.full((2, 1, 4, 4), v) for v in (-1.0, 0.0, 1.0)]
    guesses = [torch.full((2, 1, 4, 4), v) for v in (0.5, 0.6, 1.0)]
    made = SimpleNamespace(states=states, estimates=guesses, ts=[1.0, 0.5, 0.0])
    reel = reverse.sculptor_reel(made, count=2)
    assert reel.columns == 2
    assert reel.axes[0].values == ("1.00", "0.50", "0.00")
    means = reel.frames.mean(axis=(2, 3, 4))
    np.testing.assert_allclose(means[:, :2], [[0, 0], [128, 128], [255, 255]])
    np.testing.assert_allclose(means[:, 2], [191, 204, 255], atol=1)


def test_long_films_are_thinned_but_keep_their_ends():
    long = film(n=6, evals=150)
    reel = reverse.point_reel(long, frames=21)
    assert reel.count == 21
    np.testing.assert_allclose(reel.frames[-1, 0], long.states[-1], atol=1e-6)
    np.testing.assert_allclose(reel.frames[0, 0], long.states[0], atol=1e-6)


def test_the_table_is_what_the_sampler_gives():
    model = exact_eps_model(ring(), SCHEDULE)
    start = reverse.starting_noise((6, 2), 1)
    steps, etas = (2, 5), (0.0, 1.0)
    counted = []
    table = reverse.ddim_table(
        model, start, SCHEDULE, steps, etas, 7, lambda d, t: counted.append((d, t))
    )
    for i, n in enumerate(steps):
        for j, eta in enumerate(etas):
            generator = torch.Generator().manual_seed(7)
            ks = respaced(200, n)
            *_, x = ddim(model, start, ks, SCHEDULE, eta, generator)
            torch.testing.assert_close(table[2 * i + j], x.float())
    assert counted[-1] == (14, 14)
    assert [d for d, _ in counted] == sorted(d for d, _ in counted)


def test_one_network_evaluation_leaves_eta_nothing_to_do():
    model = exact_eps_model(ring(), SCHEDULE)
    start = reverse.starting_noise((6, 2), 1)
    table = reverse.ddim_table(model, start, SCHEDULE, (1,), (0.0, 1.0))
    torch.testing.assert_close(table[0], table[1])
    reel = reverse.ddim_reel(
        reverse.ddim_table(model, start, SCHEDULE, (1, 5), (0.0, 1.0)), (1, 5), (0, 1)
    )
    assert reel.start == 2  # so the slider starts where eta matters


# --- the player ----------------------------------------------------------------------


def test_the_button_makes_other_noise_and_keeps_the_place():
    player = widgets.forward_process(pictures(), SCHEDULE)
    player.index = 60
    before = player.frames
    player.press()
    assert player.index == 60
    assert player.version == 2
    assert player.frames != before
    assert player.reel.frames[0].tobytes() == pictures().tobytes()


def test_images_are_sampled_only_when_asked():
    calls = []

    def model(xt, t):
        calls.append(len(xt))
        return 0.5 * xt

    player = widgets.ddim_steps(model, SCHEDULE, (1, 8, 8), steps=(1, 3), count=4)
    assert not calls
    assert repr(player) == "ddim_steps(press the button)"
    assert player.note == "12 network evaluations of 4 samples each"
    assert player.picture() is not None
    player.press()
    assert len(calls) == 12
    assert player.reel.count == 6
    assert player.note == ""


@pytest.mark.parametrize(
    ("error", "note"),
    [
        (RuntimeError("no\nsuch   thing"), "That did not work: no such thing$"),
        (KeyboardInterrupt(), r"Stopped\."),
    ],
)
def test_an_exception_in_a_callback_or_an_interruption_is_one_line(error, note):
    def broken(player):
        raise error

    player = FilmPlayer(two_frames(), action="go", on_action=broken)
    player.press()
    assert re.match(note, player.note)
    assert player.reel is not None


def test_the_line_of_an_exception_is_never_empty_and_never_long():
    assert one_line(ValueError()) == "ValueError"
    assert len(one_line(ValueError("x" * 500))) == 200


def test_nothing_heavy_is_imported_with_the_package():
    code = "import sys, coursekit.widgets; "
    code += "print([m for m in ('torch', 'ipywidgets', 'anywidget', 'matplotlib') "
    code += "if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"

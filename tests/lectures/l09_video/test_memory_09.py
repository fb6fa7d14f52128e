"""Sections 9.7, 9.8 and 9.11. Authorities: drawn clips, of which all is known; equal
inputs give equal answers; counted frames; what was measured, with a margin."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from support_lectures import hold

from coursekit.datasets.teddy.clip_drawing import draw_clips
from coursekit.datasets.teddy.clip_scene import SHIRTS
from coursekit.datasets.teddy.clips import returning_clips, sample_clips
from coursekit.experiments.measure import folder, load_measured
from coursekit.lectures.l09_video import figures
from coursekit.lectures.l09_video.experiments import chains, dust, recall
from coursekit.lectures.l09_video.widgets.memory import UNKNOWN, memory_reel
from coursekit.models.video_transformer import VideoDiT
from coursekit.theory.chaining import chain, joined
from coursekit.training.recipe_recall import GIVEN
from coursekit.training.recipes_clips import VIDEO_RECALL


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    net = VideoDiT(VIDEO_RECALL.quick.model).eval()
    for weight in net.head.parameters():  # the zeros of a fresh network say nothing
        torch.nn.init.normal_(weight, std=0.1)
    return net


def dressed(shirt):
    return [replace(c, shirt=shirt) for c in returning_clips(2, 1, "test")]


def test_two_shirts_have_one_future_behind_a_frame_that_hides_them(network):
    made = [
        VIDEO_RECALL.go_on(network, draw_clips(dressed(s), 33), [""] * 2, "last 1")
        for s in ("red", "blue")
    ]
    assert np.array_equal(*made)


@pytest.mark.parametrize(("known", "links"), [(1, 3), (2, 2), (4, 5)])
def test_the_length_of_a_film(known, links):
    """1 + T + n (T - 4 (k - 1)), the answer of question 09.20."""
    frames = torch.zeros(1, 1, 17, 1, 1)
    clips = chain(lambda _: frames, lambda z: z, frames, links)
    film = joined(clips, chains.overlap(known))
    assert film.shape[2] == 17 + links * (16 - 4 * (known - 1))


def test_true_films_are_judged_right():
    clips = sample_clips(3, 5, walkers=0, split="test")
    truth = draw_clips(clips, 33)
    found = chains.judged(truth, truth, clips)
    assert found["error"] == found["flicker"] == [0, 0]
    assert min(found["right"]) > 0.9


def test_dust_is_as_much_as_was_drawn():
    clips = sample_clips(6, 1, walkers=0, tables=1, agree=0.5)
    for rises in (False, True):
        drawn = draw_clips([replace(clip, dust=rises) for clip in clips])
        assert dust.amount(drawn, clips).tolist() == pytest.approx([float(rises)] * 6)


def test_the_widget_shows_what_was_given(network):
    clips = dressed("green")[:1]
    reel = memory_reel(network, clips)
    frames = reel.frames.reshape(33, 5, 2, 32, 32, 3)
    assert np.array_equal(frames[:, 0, 1], draw_clips(clips, 33)[0])
    for task, (first, _) in enumerate(VIDEO_RECALL.windows().values()):
        assert (frames[:first, task, 0] == UNKNOWN).all()
        assert not (frames[first:, task, 0] == UNKNOWN).all(axis=(1, 2, 3)).any()
    read = reel.notes[-1][0]
    assert read == "?nobody" or read[1:] in SHIRTS
    assert reel.notes[(GIVEN - 1) * 5][0] == "?given"


def test_who_is_seen_in_which_context():
    found = recall.seen_before(40)
    assert found["seen"] == [0, 0, 0, 1, 1] and 10 < found["hidden"] < 20


def test_what_blind_contexts_get_right_is_counted_together():
    rows = {"returned": 0.5, "count": 20, "right": 0.2}
    found = recall.pooled({name: rows for name in recall.BLIND})
    assert found["blind_right"] == 6 / 30
    assert found["blind_low"] < 0.2 < found["blind_high"]


MEASURED = {
    "09.E": (
        "kept_right > 0.95",
        "max(seen[:3]) == 0",
        "blind_low < 1/6 < blind_high",
        "min(right_low[3:5]) > 1/6",
    ),
    "09.H": (
        "reader > 0.95",
        "always_book > always_none + 0.5",
        "always_book - always_none > apart_book - apart_none + 0.2",
        "apart_book - apart_none > never_book - never_none",
        "never_none < never_book",  # the opposite rule was not learnt
    ),
    "09.R": ("last_1_right[-1] <= last_1_right[0]", "last_1_error[-1] > copy_error[0]"),
}


@pytest.mark.parametrize("name", MEASURED)
def test_as_measured(name):
    if not (folder() / f"{name}.json").is_file():
        pytest.skip(f"{name} is not measured")
    hold(load_measured(name), *MEASURED[name])


@pytest.mark.parametrize(
    "draw", [figures.recall_panels, figures.drift_panels, figures.dust_panel]
)
def test_figures_are_drawn(draw):
    picture = draw()
    assert hasattr(picture, "rows") or picture.array().std() > 1

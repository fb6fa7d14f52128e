"""Students with judges, and those without a teacher: what they cost, what they see."""

from functools import partial

import pytest
import torch
from support.theory import seeded
from support_lectures import hold

from coursekit.evaluation.text_sampling import starts
from coursekit.experiments.measure import load_measured
from coursekit.lectures.l06b_preferences_and_distillation.experiments import (
    students_judges as who,
)
from coursekit.lectures.l06b_preferences_and_distillation.experiments.ladder import (
    told,
)
from coursekit.lectures.l06b_preferences_and_distillation.experiments.law import (
    law_energy,
)
from coursekit.lectures.l06b_preferences_and_distillation.experiments.ring import (
    BATCH,
    base_model,
    on_clouds,
)
from coursekit.lectures.l06b_preferences_and_distillation.figures import STUDENTS
from coursekit.lectures.l06b_preferences_and_distillation.widgets.live_bears import (
    COUNT,
    live_bears,
    turned,
)
from coursekit.lectures.l06b_preferences_and_distillation.widgets.plane_ladder import (
    COUNTS,
    read_points,
    reel,
)
from coursekit.models.interval_mlp import IntervalMLP
from coursekit.pipeline.catalogue import is_there

STEPS = 3  # of a quick training


@pytest.fixture(scope="module")
def teacher():
    return base_model(0, 3)


@pytest.mark.parametrize("name", who.STUDENTS)
def test_each_draws_and_leaves_the_teacher_alone(name, teacher):
    before = [each.clone() for each in teacher.parameters()]
    student = who.STUDENTS[name](teacher, 0, True)
    for count in (1, 4):
        drawn = student.sampler(torch.randn(5, 2, generator=seeded()), count)
        assert drawn.shape == (5, 2) and not drawn.requires_grad
    assert all(map(torch.equal, before, teacher.parameters()))
    assert not any(module._forward_hooks for module in teacher.modules())


def test_what_a_training_costs(teacher):
    """Forwards once, backwards twice more; the slope of MeanFlow is another one."""
    assert who.meanflow(teacher, 0, True).evals == STEPS * BATCH * 4
    flow, halves = 3 * BATCH, 2 * (BATCH // 4)
    assert who.shortcut(teacher, 0, True).evals == STEPS * (flow + halves)
    judging = (STEPS + 1) * 2 * (1.5 + 3)  # half a batch is drawn twice
    drawing = STEPS * (0.5 + 3 + 2)
    assert who.dmd(teacher, 0, True, weight=0.0).evals == BATCH * (judging + drawing)
    pairs = BATCH * (who.WALK + STEPS * 3)
    assert who.dmd(teacher, 0, True).evals == BATCH * (judging + drawing) + pairs


def test_a_generator_meets_noise_and_its_own_pictures(teacher):
    x, t = who.own_inputs(teacher, seeded())
    half = BATCH // 2
    assert (t[half:] == 1).all() and (t[:half] < 1).all()
    assert not x.requires_grad and x.shape == (BATCH, 2)
    assert float(x[half:].std()) == pytest.approx(1, abs=0.1)


def test_a_target_that_lags_spoils_the_long_step(teacher):
    """Six levels wait for one another, at .999 a thousand steps each."""
    noise = torch.randn(4000, 2, generator=seeded())
    off = [
        law_energy(who.shortcut(teacher, 0, steps=600, lag=lag).sampler(noise, 1))
        for lag in (0.0, 0.999)
    ]
    assert 4 * off[0] < off[1]


def test_a_generator_with_fresh_weights_gets_no_advice():
    """Judges that learnt near the data say nothing useful of where it draws."""
    teacher, noise = base_model(0, 1000), torch.randn(4000, 2, generator=seeded())
    made = partial(who.dmd, teacher, 0, weight=0.0, steps=150)
    own, fresh = (made(copied=copied).sampler(noise, 1) for copied in (True, False))
    assert on_clouds(own)["on"] > 0.5 and on_clouds(fresh)["on"] < 0.3


def test_what_spoils_a_student():
    found = load_measured("06b.I")
    hold(
        found,
        "min(dmd_fresh_energy_all) > 20 * max(dmd_alone_energy_all)",
        "min(shortcut_999_energy_all) > 5 * max(shortcut_energy_all)",
        "shortcut_energy < shortcut_99_energy < shortcut_999_energy",
    )


def test_the_network_is_told_both_times():
    torch.manual_seed(0)
    net, x = IntervalMLP(), torch.randn(4, 2)
    r, t = torch.full((4,), 0.2), torch.full((4,), 0.7)
    here = net(x, r, t)
    assert not torch.allclose(here, net(x, r + 0.3, t))
    assert not torch.allclose(here, net(x, r + 0.1, t + 0.1)), "the gap is not all"


def test_points_are_kept_in_hundredths():
    x = torch.randn(7, 2)
    torch.testing.assert_close(read_points(told(x)), x, atol=0.0051, rtol=0)


def test_noise_turns_from_seed_to_seed_and_stays_noise():
    shape = (4, 64, 64)
    assert torch.equal(turned(3.0, shape), starts(COUNT, shape, 3))
    assert (turned(3.999, shape) - starts(COUNT, shape, 4)).abs().max() < 0.02
    assert (turned(3.5, shape).std() - 1).abs() < 0.01  # the mean would have .71


@pytest.mark.skipif(not is_there("teddy-64-dmd"), reason="no student ships")
def test_bears_are_drawn_anew_at_every_stop():
    made = live_bears()
    seen = {made.scene.images.tobytes()}
    moves = {"noise": 0.05, "steps": 1, "who": "DMD", "prompt": "two bears"}
    for name, value in moves.items():
        made.controls[name].value = value
        assert made.note.value == ""
        seen.add(made.scene.images.tobytes())
    assert len(seen) == 1 + len(moves)
    made.controls["prompt"].value = "a cat"
    assert "unknown word" in made.note.value and made.scene.images.tobytes() in seen


def test_every_student_stands_on_the_widget():
    crowd = told(torch.randn(9, 2, generator=seeded()))
    stored = {"counts": [1, 2, 4, 8, 32], "own": 64, "own_shown": crowd}
    stored["own_energy"] = 1e-3
    names = [name for kind in STUDENTS.values() for name in kind]
    for name in ("base", *names):
        stored |= {f"{name}_{key}": [0.1] * 5 for key in ("energy", "on", "tv")}
        stored[f"{name}_shown"] = [crowd] * 5
    film = reel(stored)
    assert film.frames.shape == (len(names) * len(COUNTS), 3, 9, 2)
    assert set(who.STUDENTS) <= set(names)

"""Students with few steps. Authority: sums over all pairs, and what must be exact."""

import pytest
import torch
from support.theory import normal

from coursekit.evaluation.distances import energy_distance
from coursekit.lectures.l06b_preferences_and_distillation.experiments import (
    students_steps as few,
)
from coursekit.lectures.l06b_preferences_and_distillation.experiments.law import (
    law_energy,
)
from coursekit.lectures.l06b_preferences_and_distillation.experiments.ring import (
    points,
)
from coursekit.models.mlp import EpsMLP


def test_the_histogram_agrees_with_the_sum_over_all_pairs():
    """Between two crowds: law_energy(x) - law_energy(y) has the same law terms."""
    real = points(6000, torch.Generator().manual_seed(3))
    for scale in (0.0, 0.5, 1.0):
        x = scale * normal(3000, 2) + 0.3
        slow, fast = energy_distance(x, real), law_energy(x)
        print(f"{scale}: {slow:.4f} from pairs, {fast:.4f} from the law")
        assert fast == pytest.approx(slow, abs=0.03)


def test_real_points_have_no_energy():
    floor = law_energy(points(50_000, torch.Generator().manual_seed(1)))
    print(f"real points: {floor:.1e}")
    assert abs(floor) < 1e-4


@pytest.mark.parametrize("name", few.STUDENTS)
def test_every_student_walks_from_the_same_noise_to_the_same_place(name):
    torch.manual_seed(0)
    teacher = EpsMLP().eval().requires_grad_(False)
    student = few.STUDENTS[name](teacher, 0, True)
    eps = normal(20, 2).float()
    for evaluations in (1, 2, 4, 8, 32):
        first, again = (student.sampler(eps, evaluations) for _ in range(2))
        assert first.shape == eps.shape and not first.requires_grad
        assert torch.equal(first, again)
    assert all(not p.requires_grad and p.grad is None for p in teacher.parameters())


def test_pairs_stay_pairs():
    """A batch has one index for both sides: a teacher that halves shows it."""
    eps = normal(600, 2)
    x0, noise = few.rows_of((eps / 2, eps), torch.Generator().manual_seed(0))
    assert torch.equal(x0, noise / 2)

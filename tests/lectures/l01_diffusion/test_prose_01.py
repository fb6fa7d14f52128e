"""What notebook 01 says about its figures, held against the figures."""

import pytest
import torch

from coursekit.course_folder import COURSE
from coursekit.datasets.toys import ring
from coursekit.experiments.measure import load_measured
from coursekit.lectures.l01_diffusion.experiments.elbo import terms_and_gaps
from coursekit.theory.ddpm_schedule import make_schedule
from coursekit.theory.elbo import elbo_weight

SOURCE = COURSE / "coursekit/lectures/l01_diffusion/01_diffusion.md"


def test_half_way_into_the_noise_large_things_are_read_and_small_ones_guessed():
    found = load_measured("01.A")
    middle = found["read_ks"].index(500)
    names = ("place", "hat", "fur", "glasses", "pose")
    read = [found[f"read_{name}"][middle] for name in names]
    chance = [found[f"read_chance_{name}"] for name in names]
    assert read[0] > read[1] > read[2] > max(read[3:])
    seen = [r > c for r, c in zip(read, chance, strict=True)]
    assert seen == [True] * 3 + [False] * 2


def test_terms_by_formula_and_by_sampling_agree_within_two_standard_errors():
    rows = load_measured("01.B")["monte_carlo"]
    assert all(abs(row["difference"]) < 2 * row["difference_error"] for row in rows)
    assert max(rows, key=lambda row: row["closed_form"])["k"] == 2


@pytest.mark.parametrize(("num_steps", "low", "high"), [(5, 0.5, 1.0), (50, 0.0, 0.3)])
def test_the_unfinished_chain_costs_the_ring_most_of_the_gap_only_when_short(
    num_steps, low, high
):
    _, _, gaps = terms_and_gaps(ring(), make_schedule("linear", num_steps), 4000, 0)
    share = gaps[:, -1].mean() / gaps.sum(1).mean()
    assert low < float(share) < high


def test_the_simple_loss_weighs_nearly_all_noise_but_the_smallest_more():
    weight = elbo_weight(make_schedule("linear", 1000), torch.arange(1, 1001))
    more = weight < weight.mean()
    assert not more[:100].any()
    assert more[105:960].all()


def test_the_weight_of_the_bound_in_the_loss_hurts_and_drawn_steps_do_not():
    found = load_measured("01.D")
    for name in ("bound", "distance"):
        simple, sampled = found[f"simple_{name}"], found[f"vlb_sampled_{name}"]
        assert sampled < simple < found[f"vlb_{name}"]


@pytest.mark.parametrize(("name", "measure"), [("fashion", -1), ("teddy", 1)])
def test_with_few_evaluations_skipping_the_steps_of_ddpm_costs_most(name, measure):
    found = load_measured("01.C")
    key = {-1: "frechet", 1: "valid"}[measure]
    for at in (0, 1):  # 5 and 10 evaluations
        skipped, *others = (
            measure * found[f"{name}_{sampler}_{key}"][at]
            for sampler in ("skipped", "ddim_0", "ddim_05", "ddim_1")
        )
        assert skipped < min(others)

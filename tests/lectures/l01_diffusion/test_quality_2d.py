"""Quality against evaluations. Authority: the exact network, whose full chain must
reach the floor between exact samples, and wrong networks, which must not."""

from coursekit.datasets.toys import exact_eps_model, lopsided
from coursekit.lectures.l01_diffusion.experiments.quality_2d import quality_vs_nfe
from coursekit.theory.ddpm_schedule import make_schedule

MIXTURE, SCHEDULE = lopsided(), make_schedule("cosine", 100)
EXACT = exact_eps_model(MIXTURE, SCHEDULE)


def measure(model):
    return quality_vs_nfe(model, MIXTURE, SCHEDULE, (3, 25), (0, 1), samples=600)


def test_exact_network_reaches_the_floor_and_few_steps_do_not():
    result = measure(EXACT)
    assert abs(result["floor"]) < 0.01
    assert abs(result["ancestral"]) < 0.015
    for sampler in ("ancestral_skipped", "ddim_0", "ddim_05", "ddim_1"):
        few, many = result[sampler]
        assert few > many + 0.01 and many < 0.02
    assert measure(EXACT)["ddim_1"] == result["ddim_1"]


def test_posterior_noise_with_few_steps_makes_points_huddle_at_the_modes():
    result = measure(EXACT)
    assert result["ddim_1_log_prob"][1] > result["floor_log_prob"] + 0.1
    assert result["ancestral_skipped_log_prob"][1] < result["floor_log_prob"]


def test_a_bad_network_is_seen_to_be_bad():
    result = measure(lambda xt, t: 0.7 * EXACT(xt, t))
    assert result["ancestral"] > 0.03 and result["ddim_0"][1] > 0.03

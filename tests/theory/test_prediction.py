"""The conversion between predictions. Authority: round trips, finite differences, and
the exact posterior of a mixture."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support import theory
from support.theory import MIXTURE, normal, seeded, slope, time

from coursekit.datasets.toys import exact_predict
from coursekit.theory.ddpm import predict_x0, q_sample
from coursekit.theory.ddpm_schedule import make_schedule
from coursekit.theory.paths import DDPMPath, VEPath
from coursekit.theory.prediction import (
    Prediction,
    complete,
    convert,
    denoiser,
    mix,
    row,
    velocity_of,
)

SCHEDULE = make_schedule("cosine", 50)
PATHS = theory.PATHS | {"ve": VEPath(), "ddpm": DDPMPath(SCHEDULE)}
every_path = pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
KINDS = Prediction._fields


def pair(shape):
    return normal(2, *shape)


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(sorted(PATHS)),
    kind=st.sampled_from(KINDS),
    times=st.lists(st.floats(0.02, 0.98), min_size=5, max_size=5),
    rank=st.sampled_from([(2,), (3, 4, 6), (2, 3, 4, 6)]),
)
def test_round_trip_through_every_kind(name, kind, times, rank):
    path, t = PATHS[name], torch.tensor(times, dtype=torch.float64)
    x0, eps = pair((5, *rank))
    xt, truth = path.corrupt(x0, eps, t), complete(x0, eps, t, path)
    got = convert(mix(kind, path, x0, eps, t), xt, t, path, kind)
    for field, a, b in zip(KINDS, got, truth, strict=True):
        scale = 1 + b.abs().max()  # slopes and scores may be large, digits are relative
        worst = float((a - b).abs().max() / scale)
        assert worst < 1e-10, f"{field} from {kind}: {worst}"


@every_path
def test_velocity_is_the_finite_difference_of_xt(path):
    x0, eps = pair((5, 2, 3))
    t = torch.tensor([0.031, 0.213, 0.501, 0.777, 0.951], dtype=torch.float64)
    expected = slope(lambda t: path.corrupt(x0, eps, t), t)
    velocity = complete(x0, eps, t, path).velocity
    torch.testing.assert_close(velocity, expected, rtol=1e-7, atol=1e-7)


@every_path
def test_score_is_the_gradient_of_the_noised_log_density(path):
    t = time(0.3)
    law = MIXTURE.noised(float(path.alpha(t)), float(path.sigma(t)))
    x = law.sample(6, seeded(1)).requires_grad_()
    (gradient,) = torch.autograd.grad(law.log_prob(x).sum(), x)
    times = t.expand(6)
    eps_hat = MIXTURE.eps_hat(x.detach(), path.alpha(times), path.sigma(times))
    got = convert(eps_hat, x.detach(), times, path, "eps")
    torch.testing.assert_close(got.score, gradient, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("kind", KINDS)
@every_path
def test_the_best_network_of_any_kind_holds_the_same_belief(path, kind):
    predict = exact_predict(MIXTURE, path)
    t = torch.tensor([0.1, 0.33, 0.5, 0.71, 0.9], dtype=torch.float64)
    xt = path.corrupt(*pair((5, 2)), t)
    same = denoiser(lambda x, t: getattr(predict(x, t), kind), path, kind)
    torch.testing.assert_close(same(xt, t), predict(xt, t), rtol=1e-8, atol=1e-8)
    for each in (same, predict):
        assert torch.equal(velocity_of(each)(xt, t), each(xt, t).velocity)


def test_on_a_ddpm_path_it_agrees_with_the_ddpm_formulas():
    k = torch.tensor([1, 10, 25, 40, 49])
    x0, eps = pair((5, 3, 4))
    xk = q_sample(x0, k, eps, SCHEDULE)
    guess = eps + 0.1
    expected = predict_x0(xk, guess, k, SCHEDULE)
    for t, off in ((k / 50.0, 1e-5), (k.double() / 50, 1e-9)):
        got = convert(guess, xk, t, PATHS["ddpm"], "eps")
        torch.testing.assert_close(got.x0, expected, rtol=off, atol=off)


def test_what_is_given_comes_back_untouched_even_at_the_ends():
    ends = torch.tensor([0.0, 1.0, 0.0, 1.0, 0.5], dtype=torch.float64)
    xt, y = pair((5, 2))
    for kind in KINDS:
        assert getattr(convert(y, xt, ends, PATHS["linear"], kind), kind) is y


def test_determinants_say_where_a_kind_goes_blind():
    xt, y = pair((1, 2))
    start, end = torch.zeros(1).double(), torch.ones(1).double()
    path = PATHS["cosine"]
    assert convert(y, xt, start, path, "eps").x0.isfinite().all()
    assert not convert(y, xt, start, path, "x0").eps.isfinite().all()
    for kind in ("velocity", "v"):
        for t in (start, end):
            got = convert(y, xt, t, path, kind)
            assert got.x0.isfinite().all() and got.eps.isfinite().all()
    linear_end = convert(y, xt, end, PATHS["linear"], "eps")
    assert not linear_end.x0.isfinite().all() and linear_end.score.isfinite().all()


def test_float32_inputs_stay_float32():
    t = torch.tensor([0.1, 0.9])
    xt, y = pair((2, 3))
    exact = convert(y, xt, t, PATHS["cosine"], "v")
    got = convert(y.float(), xt.float(), t, PATHS["cosine"], "v")
    assert all(field.dtype == torch.float32 for field in got)
    torch.testing.assert_close(got, exact, rtol=1e-5, atol=1e-5, check_dtype=False)


def test_row_of_every_kind_on_the_straight_line():
    t, path = torch.tensor([0.25], dtype=torch.float64), PATHS["linear"]
    expected = {"x0": (1, 0), "eps": (0, 1), "score": (0, -4), "velocity": (-1, 1)}
    for kind, (a, b) in {**expected, "v": (-0.25, 0.75)}.items():
        got = row(kind, path, t)
        assert (float(got[0]), float(got[1])) == pytest.approx((a, b))
    with pytest.raises(ValueError, match="velocity"):
        row("flow", path, t)


def test_denoiser_hands_the_condition_on():
    seen = []

    def model(xt, t, cond=None):
        seen.append(cond)
        return xt

    xt, t = pair((5, 2))[0], torch.full((5,), 0.5).double()
    denoiser(model, PATHS["cosine"], "v")(xt, t)
    predict = denoiser(model, PATHS["cosine"], "v", cond=torch.arange(5))
    predict(xt, t)
    velocity_of(predict)(xt, t)
    assert seen[0] is None
    assert all(each.equal(torch.arange(5)) for each in seen[1:]) and len(seen) == 3


def test_a_velocity_that_is_asked_for_is_not_translated():
    """Nor is its path ever looked at."""
    xt, t = pair((5, 2))[0], torch.full((5,), 0.5).double()
    predict = denoiser(lambda xt, t: xt, None, "velocity")
    assert velocity_of(predict)(xt, t) is xt

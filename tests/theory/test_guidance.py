"""Guidance. Authority: exact posteriors of Gaussian mixtures, finite differences of
log densities, linear identities, and binomial bounds."""

import math

import pytest
import torch
from support.theory import SHAPES, gradient, last, normal, seeded, time, times

from coursekit.datasets.toys import Mixture, exact_predict
from coursekit.theory.guidance import (
    classifier_free,
    classifier_guided,
    classifier_slope,
    drop_condition,
    guided,
)
from coursekit.theory.paths import CosinePath, LinearPath, expand_as
from coursekit.theory.prediction import Prediction, convert
from coursekit.theory.solvers import heun, time_grid

PATHS = pytest.mark.parametrize(
    "path", [LinearPath(), CosinePath()], ids=["line", "arc"]
)
# Three classes in the plane, each a bell of its own width.
WORLD = Mixture(
    torch.tensor([0.5, 0.3, 0.2]),
    torch.tensor([[-1.5, 0.0], [1.0, 1.0], [1.0, -1.5]]),
    torch.tensor([0.4, 0.6, 0.3]),
)
BELLS = [
    Mixture(torch.ones(1), WORLD.means[i : i + 1], WORLD.stds[i : i + 1])
    for i in range(3)
]


def exact_classifier(path):
    """Logits log p(c) p(xt | c) of the three classes: Bayes' rule, exactly."""

    def classify(xt, t):
        alpha, sigma = path.alpha(t)[:, None], path.sigma(t)[:, None]
        var = alpha**2 * WORLD.stds**2 + sigma**2
        gap = xt[:, None] - alpha[..., None] * WORLD.means
        return WORLD.weights.log() - gap.square().sum(-1) / (2 * var) - var.log()

    return classify


def exactly_guided(path, label, scale):
    """Classifier guidance of the exact belief by the exact classifier."""
    predict, classify = exact_predict(WORLD, path), exact_classifier(path)
    return classifier_guided(predict, classify, label, scale, path)


# The formula.


@pytest.mark.parametrize("w", [-1.0, 0.0, 1.7], ids=["null", "cond", "beyond"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_papers_w_is_our_scale_minus_one(shape, w):
    """Ho & Salimans: (1 + w) cond - w null."""
    cond, null = normal(*shape), normal(*shape, seed=1)
    torch.testing.assert_close(guided(cond, null, 1 + w), (1 + w) * cond - w * null)


@PATHS
@pytest.mark.parametrize("kind", Prediction._fields)
def test_any_kind_of_prediction_may_be_guided(kind, path):
    """Guide, then convert; or convert, then guide: the weights add up to 1, and all
    translations are affine."""
    xt, t = normal(7, 3, 4), times(7, 0.05, 0.95)
    cond, null = normal(7, 3, 4, seed=1), normal(7, 3, 4, seed=2)
    first = convert(guided(cond, null, 3.0), xt, t, path, kind)
    both = (convert(y, xt, t, path, kind) for y in (cond, null))
    last = Prediction(*(guided(*pair, 3.0) for pair in zip(*both, strict=True)))
    torch.testing.assert_close(first, last, rtol=1e-9, atol=1e-9)


# Forgetting.


@pytest.mark.parametrize("chance", [0.0, 0.1, 0.5, 1.0])
def test_how_often_conditions_are_forgotten(chance):
    """Within 5 standard deviations of a binomial count: never, often, always."""
    n = 20_000
    luck = torch.rand(n, generator=seeded())
    kept = drop_condition(torch.arange(n), torch.tensor(-1), chance, luck)
    count = int((kept == -1).sum())
    assert abs(count - n * chance) <= 5 * math.sqrt(n * chance * (1 - chance))
    rest = kept >= 0
    assert torch.equal(kept[rest], torch.arange(n)[rest])


@pytest.mark.parametrize("shape", [(9,), (9, 5), (9, 5, 4)], ids=str)
def test_rows_are_forgotten_whole(shape):
    cond = torch.randint(0, 9, shape, generator=seeded())
    null, before = torch.full(shape[1:], 99), cond.clone()
    luck = torch.linspace(0, 0.99, 9)
    kept = drop_condition(cond, null, 0.5, luck)
    assert kept.dtype == cond.dtype
    for row, old, chance in zip(kept, cond, luck, strict=True):
        assert torch.equal(row, null if chance < 0.5 else old)
    assert torch.equal(cond, before)


# One network, asked twice.


class Recorder:
    """A model that remembers its batches."""

    def __init__(self):
        self.asked = []

    def __call__(self, xt, t, cond):
        self.asked.append((xt, t, cond))
        said = cond.double().reshape(len(cond), -1).sum(1)
        return torch.tanh(xt) * expand_as(1 + t, xt) + expand_as(said, xt)


@pytest.mark.parametrize(
    ("cond", "null"),
    [
        (torch.arange(7), torch.tensor(10)),
        (torch.arange(35).reshape(7, 5), torch.arange(5)),
        (normal(7, 5, 4), normal(5, 4, seed=1)),
    ],
    ids=["labels", "prompts", "features"],
)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_one_batch_says_what_two_calls_say(shape, cond, null):
    model, xt, t = Recorder(), normal(*shape), times(7, 0.05, 0.95)
    found = classifier_free(model, cond, null, 3.0)(xt, t)
    (asked,) = model.asked
    torch.testing.assert_close(asked[0], torch.cat([xt, xt]))
    torch.testing.assert_close(asked[1], torch.cat([t, t]))
    assert torch.equal(asked[2][:7], cond)
    assert all(torch.equal(row, null) for row in asked[2][7:])
    told, untold = model(xt, t, cond), model(xt, t, null.expand_as(cond))
    torch.testing.assert_close(found, guided(told, untold, 3.0))


def test_without_guidance_half_the_work():
    model, xt, t, cond = Recorder(), normal(7, 2), times(7, 0.05, 0.95), torch.arange(7)
    found = classifier_free(model, cond, torch.tensor(10), 1.0)(xt, t)
    (asked,) = model.asked
    assert len(asked[0]) == 7
    torch.testing.assert_close(found, model(xt, t, cond))


# A classifier's slope.


@PATHS
def test_the_slope_is_the_difference_of_two_scores(path):
    """Bayes: grad log p(c | xt) = grad log p(xt | c) - grad log p(xt)."""
    xt, t = normal(9, 2), times(9, 0.05, 0.95)
    alpha, sigma = path.alpha(t), path.sigma(t)
    everything = WORLD.noised_score(xt, alpha, sigma)
    for c, bell in enumerate(BELLS):
        label = torch.full((9,), c)
        found = classifier_slope(exact_classifier(path), xt, t, label)
        wanted = bell.noised_score(xt, alpha, sigma) - everything
        torch.testing.assert_close(found, wanted, rtol=1e-9, atol=1e-9)


@torch.no_grad()
def test_the_slope_leaves_no_trace():
    layer = torch.nn.Linear(2, 3).double()
    xt, label = normal(5, 2), torch.zeros(5, dtype=torch.long)
    found = classifier_slope(lambda x, t: layer(x), xt, times(5, 0.05, 0.95), label)
    assert not found.requires_grad and not xt.requires_grad
    assert all(p.grad is None for p in layer.parameters())
    assert found.abs().max() > 0


# Classifier guidance.


@PATHS
@pytest.mark.parametrize("scale", [0.0, 1.0, 3.0])
def test_the_guided_score_is_that_of_the_tilted_law(scale, path):
    """Finite differences of log [p(xt) p(c | xt)^scale], at one time for all points."""
    xt, t, label = normal(9, 2), time(0.4), 2
    law = WORLD.noised(float(path.alpha(t)), float(path.sigma(t)))

    def log_tilted(x):
        classes = exact_classifier(path)(x, t.expand(9)).log_softmax(1)
        return law.log_prob(x) + scale * classes[:, label]

    predict = exactly_guided(path, torch.full((9,), label), scale)
    found = predict(xt, t.expand(9)).score
    torch.testing.assert_close(found, gradient(log_tilted, xt), rtol=1e-5, atol=1e-6)


@PATHS
def test_at_scale_one_it_is_the_conditional_prediction(path):
    """In all five vocabularies."""
    xt, t = normal(9, 2), times(9, 0.05, 0.95)
    for c, bell in enumerate(BELLS):
        found = exactly_guided(path, torch.full((9,), c), 1.0)(xt, t)
        wanted = exact_predict(bell, path)(xt, t)
        torch.testing.assert_close(found, wanted, rtol=1e-8, atol=1e-8)


@PATHS
def test_both_kinds_of_guidance_agree_when_all_is_exact(path):
    """Classifier-free with the exact conditional and unconditional answers is
    classifier guidance with the exact classifier, at the same scale."""
    xt, t, scale = normal(9, 2), times(9, 0.05, 0.95), 4.0
    label = torch.arange(9) % 3
    unconditional = exact_predict(WORLD, path)

    def model(x, time, cond):
        """The velocity of the class, or of everything for class 3."""
        answers = [exact_predict(b, path)(x, time).velocity for b in BELLS]
        answers.append(unconditional(x, time).velocity)
        return torch.stack(answers)[cond, torch.arange(len(x))]

    free = classifier_free(model, label, torch.tensor(3), scale)(xt, t)
    by_classifier = exactly_guided(path, label, scale)(xt, t).velocity
    torch.testing.assert_close(by_classifier, free, rtol=1e-8, atol=1e-8)


@PATHS
def test_an_unconditional_sampler_makes_one_class(path):
    """From pure noise at t = 1, where alpha is 0 and nothing may divide by it, an ODE
    guided at scale 1 ends in the bell of its class."""
    n = 2000
    predict = exactly_guided(path, torch.full((n,), 1), 1.0)
    start = predict(normal(n, 2), torch.ones(n))
    assert all(field.isfinite().all() for field in start[:2])
    x0 = last(heun(predict, normal(n, 2), time_grid(60)))
    error = 5 * 0.6 / math.sqrt(n)
    assert (x0.mean(0) - WORLD.means[1]).abs().max() < error + 0.01
    assert (x0.std(0) - 0.6).abs().max() < error + 0.01


def test_more_guidance_more_certain():
    """The mean log p(c | x0) of samples grows with the scale; their spread shrinks."""
    path, n, found = LinearPath(), 500, []
    for scale in (0.0, 1.0, 4.0):
        predict = exactly_guided(path, torch.full((n,), 1), scale)
        x0 = last(heun(predict, normal(n, 2), time_grid(40)))
        sure = exact_classifier(path)(x0, torch.zeros(n).double()).log_softmax(1)[:, 1]
        found.append((sure.mean().item(), x0.std(0).mean().item()))
    certain, spread = zip(*found, strict=True)
    assert certain[0] < certain[1] < certain[2]
    assert spread[0] > spread[1] > spread[2]

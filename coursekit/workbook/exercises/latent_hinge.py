"""Lecture 4, the critic's loss: 04.6 hinge_critic."""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import softplus

from coursekit.checks.spec import (
    Function,
    Inputs,
    Mutant,
    Oracle,
    Outputs,
    Probe,
    Variant,
)
from coursekit.checks.tensors import array, generator, must_equal
from coursekit.workbook.exercises.latent_batch import CUT, leaf, slopes

_CASES = ("a score for each picture", "a score for each patch")


def _inputs(seed: int) -> Inputs:
    rng = generator(seed)
    sizes = ((7, 1, 3, 4), (5, 1, 2, 3)) if seed % 2 else ((7,), (5,))
    dtype = np.float32 if seed % 2 else np.float64
    return {
        name: (sign * 0.4 + 1.5 * rng.standard_normal(size)).astype(dtype)
        for name, sign, size in zip(("real", "fake"), (1, -1), sizes, strict=True)
    }


def _call(fn: Function, inputs: Inputs) -> Outputs:
    real, fake = leaf(inputs["real"]), leaf(inputs["fake"])
    loss = fn(real, fake)
    value = array(loss, scalar=True)
    by_real, by_fake = slopes(loss, real, fake)
    sure, lost = torch.full_like(real, 1.5), torch.zeros_like(real)
    return {
        "loss": value,
        "gradient for real": by_real,
        "gradient for fake": by_fake,
        "loss of a critic that is sure": array(fn(sure, -sure)),
        "loss of a critic that says 0": array(fn(lost, lost)),
    }


def _by_hand(inputs: Inputs, outputs: Outputs) -> str | None:
    real, fake = (inputs[n].astype(float).ravel() for n in ("real", "fake"))
    short = [max(0.0, 1 - score) for score in real]
    over = [max(0.0, 1 + score) for score in fake]
    want = np.asarray((np.mean(short) + np.mean(over)) / 2)
    said = must_equal(outputs["loss"], want, "not half of the two mean shortfalls")
    return said or must_equal(
        outputs["gradient for real"].ravel(),
        np.where(real < 1, -0.5 / real.size, 0.0),
        "a real picture that scores above 1 must be left alone, the others pushed up",
    )


def _ends(inputs: Inputs, outputs: Outputs) -> str | None:
    said = must_equal(
        outputs["loss of a critic that is sure"],
        np.zeros(()),
        "a critic that is right by more than the margin must cost nothing",
    )
    return said or must_equal(
        outputs["loss of a critic that says 0"],
        np.ones(()),
        "a critic that says 0 to everything must cost 1",
    )


def _critic(short: Function, over: Function, join: Function | None = None) -> Function:
    """A version from the costs of single scores and the way to join them."""

    def hinge_critic(real: Tensor, fake: Tensor) -> Tensor:
        a, b = short(real), over(fake)
        found: Tensor = (a.mean() + b.mean()) / 2 if join is None else join(a, b)
        return found

    return hinge_critic


def _short(real: Tensor) -> Tensor:
    return torch.relu(1 - real)


def _over(fake: Tensor) -> Tensor:
    return torch.relu(1 + fake)


def _chosen(real: Tensor, fake: Tensor) -> Tensor:
    """The scores that still cost something."""
    a = torch.where(real < 1, 1 - real, 0).sum() / real.numel()
    b = torch.where(fake > -1, 1 + fake, 0).sum() / fake.numel()
    return 0.5 * a + 0.5 * b


def _clamped(real: Tensor, fake: Tensor) -> Tensor:
    scores = [1 - real.flatten(), 1 + fake.flatten()]
    return torch.stack([part.clamp(min=0).mean() for part in scores]).mean()


HINGE_CRITIC = Probe(
    inputs=_inputs,
    call=_call,
    cases=_CASES,
    oracles=(Oracle("by hand", _by_hand), Oracle("two critics", _ends)),
    mutants=(
        Mutant(
            "no half",
            _critic(_short, _over, lambda a, b: a.mean() + b.mean()),
            "twice too much: half the sum of the two means",
        ),
        Mutant(
            "exchanged",
            _critic(_over, _short),
            "real and fake are exchanged: real pictures should score above 1, fakes "
            "below -1",
        ),
        Mutant(
            "no margin",
            _critic(lambda r: torch.relu(-r), torch.relu),
            "the margin is missing: a score counts as right only beyond 1 or -1",
        ),
        Mutant(
            "no hinge",
            _critic(lambda r: 1 - r, lambda f: 1 + f),
            "scores beyond the margin are rewarded further: cut off at 0",
        ),
        Mutant(
            "squared",
            _critic(lambda r: _short(r) ** 2, lambda f: _over(f) ** 2),
            "the shortfall is squared: it counts as it is",
        ),
        Mutant(
            "logistic",
            _critic(lambda r: softplus(-r), softplus),
            "this is the logistic loss: the hinge is max(0, 1 - real)",
        ),
        Mutant(
            "real only",
            _critic(_short, _over, lambda a, b: a.mean()),
            "only the real pictures count: fakes cost max(0, 1 + fake)",
        ),
        Mutant(
            "the other side",
            lambda real, fake: -fake.mean(),
            "this is what the decoder minimises, not the critic",
        ),
        Mutant(
            "summed",
            _critic(_short, _over, lambda a, b: (a.sum() + b.sum()) / 2),
            "the scores are summed: take the mean of the real ones and of the fakes",
        ),
        Mutant(
            "one mean",
            _critic(
                _short, _over, lambda a, b: torch.cat([a.flatten(), b.flatten()]).mean()
            ),
            "all scores are in one mean: real and fake have a mean each, whatever "
            "their numbers",
        ),
        Mutant("detached", lambda r, f: _chosen(r, f).detach(), CUT),
    ),
    variants=(
        Variant("where", _chosen),
        Variant("clamp", _clamped),
    ),
)

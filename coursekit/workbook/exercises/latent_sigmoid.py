"""Lecture 4, every pair by itself: 04.12 sigmoid_loss."""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import (
    binary_cross_entropy_with_logits,
    logsigmoid,
    normalize,
    softplus,
)

from coursekit.checks.spec import (
    Function,
    Inputs,
    Mutant,
    Oracle,
    Outputs,
    Probe,
    Variant,
)
from coursekit.checks.tensors import array, generator, must_equal, tensor
from coursekit.theory.contrastive import similarities
from coursekit.workbook.exercises.latent_batch import CUT, leaf, slopes
from coursekit.workbook.exercises.latent_pairs import CASES, cosines, pairs


def _inputs(seed: int) -> Inputs:
    found = pairs(seed)
    bias = -generator(seed + 1000).uniform(1.0, 3.0)
    return found | {"bias": np.asarray(bias, found["images"].dtype)}


def _call(fn: Function, inputs: Inputs) -> Outputs:
    images, texts = leaf(inputs["images"]), leaf(inputs["texts"])
    log_scale, bias = leaf(inputs["log_scale"]), leaf(inputs["bias"])
    loss = fn(images, texts, log_scale, bias)
    value = array(loss, scalar=True)
    by_images, by_scale, by_bias = slopes(loss, images, log_scale, bias)
    sharp = tensor(inputs["log_scale"]) + 7
    return {
        "loss": value,
        "gradient for the images": by_images,
        "gradient for log_scale": by_scale,
        "gradient for bias": by_bias,
        "loss of longer vectors": array(fn(3 * images, texts / 2, log_scale, bias)),
        "loss at a large scale": array(fn(images, texts, sharp, bias)),
    }


def _by_hand(inputs: Inputs, scale: float) -> np.float64:
    """Pair by pair."""
    logits, total = scale * cosines(inputs) + float(inputs["bias"]), 0.0
    for (i, j), logit in np.ndenumerate(logits):
        total += np.logaddexp(0, -logit if i == j else logit)
    return np.float64(total / len(logits))


def _pairs(inputs: Inputs, outputs: Outputs) -> str | None:
    scale = float(np.exp(inputs["log_scale"].astype(float)))
    said = must_equal(
        outputs["loss"],
        np.asarray(_by_hand(inputs, scale)),
        "not -log sigmoid(z * logit), summed over all pairs and divided by B",
    )
    large = _by_hand(inputs, scale * np.exp(7))
    return said or must_equal(
        outputs["loss at a large scale"] / large.astype(inputs["images"].dtype),
        np.ones(()),
        "at a large scale, where a sigmoid is 0 to the last digit, it goes wrong",
    )


def _lengths(inputs: Inputs, outputs: Outputs) -> str | None:
    return must_equal(
        outputs["loss of longer vectors"],
        outputs["loss"].astype(float),
        "how long the vectors are must not matter",
    )


def _signs(logits: Tensor) -> Tensor:
    return 2 * torch.eye(len(logits), dtype=logits.dtype) - 1


def _sigmoid(table: Function | None = None, join: Function | None = None) -> Function:
    """A version from its logits and from what becomes of them."""

    def sigmoid_loss(
        images: Tensor, texts: Tensor, log_scale: Tensor, bias: Tensor
    ) -> Tensor:
        logits = log_scale.exp() * similarities(images, texts) + bias
        logits = logits if table is None else table(images, texts, log_scale, bias)
        each = -logsigmoid(_signs(logits) * logits)
        found: Tensor = each.sum() / len(logits) if join is None else join(logits)
        return found

    return sigmoid_loss


def _zero_one(logits: Tensor) -> Tensor:
    own = torch.eye(len(logits), dtype=logits.dtype)
    return -logsigmoid(own * logits).sum() / len(logits)


def _own_only(logits: Tensor) -> Tensor:
    return -logsigmoid(logits.diagonal()).mean()


def _plain_log(logits: Tensor) -> Tensor:
    return -(_signs(logits) * logits).sigmoid().log().sum() / len(logits)


def _turned(logits: Tensor) -> Tensor:
    return -logsigmoid(-_signs(logits) * logits).sum() / len(logits)


def _softplus(images: Tensor, texts: Tensor, log_scale: Tensor, bias: Tensor) -> Tensor:
    """All pairs as wrong ones, then the own ones put right: the logit moves over."""
    u, v = normalize(images, dim=1), normalize(texts, dim=1)
    logits = torch.exp(log_scale) * (u @ v.T) + bias
    return (softplus(logits).sum() - logits.trace()) / images.shape[0]


def _entropy(images: Tensor, texts: Tensor, log_scale: Tensor, bias: Tensor) -> Tensor:
    logits = torch.cosine_similarity(images[:, None], texts[None], dim=2)
    logits = logits * log_scale.exp() + bias
    own = torch.eye(len(images), dtype=images.dtype)
    each = binary_cross_entropy_with_logits(logits, own, reduction="none")
    return each.sum(1).mean()


SIGMOID_LOSS = Probe(
    inputs=_inputs,
    call=_call,
    cases=CASES,
    tolerances={"loss at a large scale": (1e-4, 0.0)},
    oracles=(Oracle("pair by pair", _pairs), Oracle("lengths", _lengths)),
    mutants=(
        Mutant(
            "all pairs own",
            _sigmoid(join=lambda z: -logsigmoid(z).sum() / len(z)),
            "every pair counts as its own: the label z is -1 off the diagonal",
        ),
        Mutant(
            "labels 0 and 1",
            _sigmoid(join=_zero_one),
            "the labels are 1 and 0: they are +1 and -1, so that wrong pairs are "
            "pushed apart",
        ),
        Mutant(
            "own pairs only",
            _sigmoid(join=_own_only),
            "only the own pairs count: the others must be pushed apart",
        ),
        Mutant(
            "labels turned",
            _sigmoid(join=_turned),
            "the labels are turned round: +1 is for a picture and its own text",
        ),
        Mutant(
            "mean of all pairs",
            _sigmoid(
                join=lambda z: -logsigmoid(_signs(z) * z).mean(),
            ),
            "divided by B^2: the sum over all pairs is divided by B",
        ),
        Mutant(
            "sum of all pairs",
            _sigmoid(join=lambda z: -logsigmoid(_signs(z) * z).sum()),
            "the sum over all pairs is not divided: divide it by B",
        ),
        Mutant(
            "log of sigmoid",
            _sigmoid(join=_plain_log),
            "log(sigmoid(...)) is -infinity where the sigmoid is 0: use logsigmoid",
        ),
        Mutant(
            "bias subtracted",
            _sigmoid(lambda a, b, s, bias: s.exp() * similarities(a, b) - bias),
            "the bias is taken away: add it to the logits",
        ),
        Mutant(
            "bias scaled",
            _sigmoid(lambda a, b, s, bias: s.exp() * (similarities(a, b) + bias)),
            "the bias is multiplied by the scale: it is added afterwards",
        ),
        Mutant(
            "no bias",
            _sigmoid(lambda a, b, s, bias: s.exp() * similarities(a, b)),
            "the bias is not used: it says how rare own pairs are",
        ),
        Mutant(
            "no exp",
            _sigmoid(lambda a, b, s, bias: s * similarities(a, b) + bias),
            "log_scale is a logarithm: multiply by exp(log_scale)",
        ),
        Mutant(
            "not normalised",
            _sigmoid(lambda a, b, s, bias: s.exp() * a @ b.T + bias),
            "the vectors are multiplied as they are: `similarities` takes cosines",
        ),
        Mutant("detached", _sigmoid(join=lambda z: _own_only(z.detach())), CUT),
    ),
    variants=(
        Variant("softplus", _softplus),
        Variant("binary cross entropy", _entropy),
    ),
)

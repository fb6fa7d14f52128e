"""Lecture 4, pictures and texts in one space: 04.11 clip_loss."""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize

from coursekit.checks.spec import (
    Function,
    Inputs,
    Mutant,
    Oracle,
    Outputs,
    Probe,
    Variant,
)
from coursekit.checks.tensors import array, must_equal
from coursekit.theory.contrastive import similarities
from coursekit.workbook.exercises.latent_batch import CUT, leaf, slopes
from coursekit.workbook.exercises.latent_pairs import CASES, cosines, pairs


def _call(fn: Function, inputs: Inputs) -> Outputs:
    images, texts = leaf(inputs["images"]), leaf(inputs["texts"])
    log_scale = leaf(inputs["log_scale"])
    loss = fn(images, texts, log_scale)
    value = array(loss, scalar=True)
    by_images, by_texts, by_scale = slopes(loss, images, texts, log_scale)
    same = torch.ones_like(images)
    return {
        "loss": value,
        "gradient for the images": by_images,
        "gradient for the texts": by_texts,
        "gradient for log_scale": by_scale,
        "loss of longer vectors": array(fn(3 * images, texts / 2, log_scale)),
        "loss when all look alike": array(fn(same, same, log_scale)),
    }


def _by_hand(inputs: Inputs, outputs: Outputs) -> str | None:
    logits = np.exp(float(inputs["log_scale"])) * cosines(inputs)
    total = 0.0
    for table in (logits, logits.T):
        for i, row in enumerate(table):
            top = row.max()
            total += top + np.log(np.exp(row - top).sum()) - row[i]
    return must_equal(
        outputs["loss"],
        np.asarray(total / 2 / len(logits)),
        "not the mean of the two cross entropies, over the texts and over the images",
    )


def _lengths(inputs: Inputs, outputs: Outputs) -> str | None:
    return must_equal(
        outputs["loss of longer vectors"],
        outputs["loss"].astype(float),
        "how long the vectors are must not matter",
    )


def _clueless(inputs: Inputs, outputs: Outputs) -> str | None:
    return must_equal(
        outputs["loss when all look alike"],
        np.asarray(np.log(len(inputs["images"]))),
        "when all vectors are alike it is a guess among B: log(B)",
    )


def _clip(table: Function | None = None, join: Function | None = None) -> Function:
    """A version from its logits and from what becomes of them.

    table: of images, texts and log_scale; join: of the logits and the right columns.
    """

    def clip_loss(images: Tensor, texts: Tensor, log_scale: Tensor) -> Tensor:
        logits = log_scale.exp() * similarities(images, texts)
        logits = logits if table is None else table(images, texts, log_scale)
        own = torch.arange(len(logits))
        both = (cross_entropy(logits, own) + cross_entropy(logits.T, own)) / 2
        found: Tensor = both if join is None else join(logits, own)
        return found

    return clip_loss


def _raw(images: Tensor, texts: Tensor, log_scale: Tensor) -> Tensor:
    return log_scale.exp() * images @ texts.T


def _half_raw(images: Tensor, texts: Tensor, log_scale: Tensor) -> Tensor:
    return log_scale.exp() * normalize(images, dim=-1) @ texts.T


def _by_feature(images: Tensor, texts: Tensor, log_scale: Tensor) -> Tensor:
    return log_scale.exp() * normalize(images, dim=0) @ normalize(texts, dim=0).T


def _twice(logits: Tensor, own: Tensor) -> Tensor:
    return cross_entropy(logits.softmax(1), own) / 2 + (
        cross_entropy(logits.T.softmax(1), own) / 2
    )


def _diagonals(images: Tensor, texts: Tensor, log_scale: Tensor) -> Tensor:
    """Without cross_entropy: what the own pair lacks, along both axes."""
    u = images / images.norm(dim=1, keepdim=True)
    v = texts / texts.norm(dim=1, keepdim=True)
    logits = torch.exp(log_scale) * torch.einsum("id,jd->ij", u, v)
    rows = logits.logsumexp(1) + logits.logsumexp(0) - 2 * logits.diagonal()
    return rows.mean() / 2


def _stacked(images: Tensor, texts: Tensor, log_scale: Tensor) -> Tensor:
    """One cross entropy over a batch of 2 B questions."""
    logits = torch.cosine_similarity(images[:, None], texts[None], dim=-1)
    logits = logits * log_scale.exp()
    own = torch.arange(len(images)).repeat(2)
    return cross_entropy(torch.cat([logits, logits.T]), own)


CLIP_LOSS = Probe(
    inputs=pairs,
    call=_call,
    cases=CASES,
    oracles=(
        Oracle("by hand", _by_hand),
        Oracle("lengths", _lengths),
        Oracle("a guess", _clueless),
    ),
    mutants=(
        Mutant(
            "not normalised",
            _clip(_raw),
            "the vectors are multiplied as they are: `similarities` takes cosines",
        ),
        Mutant(
            "texts not normalised",
            _clip(_half_raw),
            "only the images are scaled to length 1: the texts must be too",
        ),
        Mutant(
            "over the batch",
            _clip(_by_feature),
            "the features are scaled over the batch: each vector has its own length, "
            "dim=-1",
        ),
        Mutant(
            "images only",
            _clip(join=cross_entropy),
            "only the images look for their text: add the texts that look for their "
            "image, logits.T",
        ),
        Mutant(
            "texts only",
            _clip(join=lambda logits, own: cross_entropy(logits.T, own)),
            "only the texts look for their image: add the images, the rows of the "
            "logits",
        ),
        Mutant(
            "summed",
            _clip(
                join=lambda z, own: cross_entropy(z, own) + cross_entropy(z.T, own),
            ),
            "the two cross entropies are added: take their mean",
        ),
        Mutant(
            "no exp",
            _clip(lambda a, b, s: s * similarities(a, b)),
            "log_scale is a logarithm: multiply by exp(log_scale)",
        ),
        Mutant(
            "divided",
            _clip(lambda a, b, s: similarities(a, b) / s.exp()),
            "divided by exp(log_scale): this is a factor, one over the temperature",
        ),
        Mutant(
            "no scale",
            _clip(lambda a, b, s: similarities(a, b) + 0 * s),
            "log_scale is not used: cosines between -1 and 1 make a soft softmax",
        ),
        Mutant(
            "softmax twice",
            _clip(join=_twice),
            "cross_entropy takes logits: it applies the softmax itself",
        ),
        Mutant(
            "first text",
            _clip(
                join=lambda z, own: (
                    (cross_entropy(z, 0 * own) + cross_entropy(z.T, 0 * own)) / 2
                )
            ),
            "everybody is asked for number 0: row i belongs to column i, arange(B)",
        ),
        Mutant(
            "batch summed",
            _clip(
                join=lambda z, own: (
                    (
                        cross_entropy(z, own, reduction="sum")
                        + cross_entropy(z.T, own, reduction="sum")
                    )
                    / 2
                )
            ),
            "the batch is summed: take the mean over its pairs",
        ),
        Mutant(
            "detached",
            _clip(join=lambda z, own: cross_entropy(z.detach(), own)),
            CUT,
        ),
    ),
    variants=(
        Variant("logsumexp", _diagonals),
        Variant("one cross entropy", _stacked),
    ),
)

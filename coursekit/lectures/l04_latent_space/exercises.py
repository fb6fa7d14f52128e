"""How the exercises of lecture 4 are tried: fresh inputs, and what is looked at."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from coursekit.checks.spec import BadResult, Function, Inputs
from coursekit.checks.tried import (
    Array,
    Results,
    Tries,
    array,
    bend,
    column,
    count,
    draws,
    equals,
    generator,
    loaded,
    pair,
    refusal,
    slopes,
    vectors,
    weights,
)
from coursekit.models.autoencoder import Autoencoder, AutoencoderConfig
from coursekit.models.vit import ViT, ViTConfig

PROBES = Tries()
tried = PROBES.tried


@tried("04.1", draws("mean", "log_var", "eps"))
def reparameterize(fn: Function, i: Any) -> Results:
    mean, log_var = i.mean.requires_grad_(), i.log_var.requires_grad_()
    draw = fn(mean, log_var, i.eps)
    return {
        "draw": draw,
        **slopes(draw, mean=mean, log_var=log_var),
        "draw with eps = 0": fn(mean, log_var, torch.zeros_like(i.eps)),
    }


@tried(
    "04.2",
    draws("mean", "log_var"),
    oracles=(
        equals(
            "kl of the prior itself",
            lambda i: np.zeros(len(i["mean"])),
            "the prior must be at distance 0 from itself",
        ),
    ),
)
def kl_to_normal(fn: Function, i: Any) -> Results:
    mean, log_var = i.mean.requires_grad_(), i.log_var.requires_grad_()
    kl, normal = fn(mean, log_var), torch.zeros_like(mean)
    return {
        "kl": kl,
        **slopes(kl, mean=mean, log_var=log_var),
        "kl of the prior itself": fn(normal, normal),
    }


def _rebuilt_samples(seed: int) -> Inputs:
    """Samples, copies of them that are far off, and latents of another size."""
    i = draws("x", "rebuilt", beta=(0.1, 0.6), noise=(0.2, 0.7))(seed)
    bells = vectors(seed + 1, mean=(7, 2, 3, 2), log_var=(7, 2, 3, 2))
    return i | {name: value.astype(i["x"].dtype) for name, value in bells.items()}


@tried("04.3", _rebuilt_samples)
def vae_loss(fn: Function, i: Any) -> Results:
    leaves = {n: i[n].requires_grad_() for n in ("rebuilt", "mean", "log_var")}
    bells, none = (i.mean, i.log_var), torch.zeros_like(i.mean)
    loss = fn(i.x, i.rebuilt, *bells)
    return {
        "loss": loss,
        **slopes(loss, **leaves),
        "loss with beta": fn(i.x, i.rebuilt, *bells, i.beta),
        "loss with noise": fn(i.x, i.rebuilt, *bells, 1.0, i.noise),
        "loss of a perfect copy from nothing": fn(i.x, i.x, none, none),
    }


SMALL_VAE = AutoencoderConfig(2, (4, 6), latent=3, groups=2)
SMALL_PLAIN = AutoencoderConfig(2, (4, 6), latent=3, groups=2, variational=False)


def _bottleneck(seed: int) -> Inputs:
    """An autoencoder whose latents are scaled, and pictures for it."""
    i = weights(Autoencoder(SMALL_PLAIN if seed % 2 else SMALL_VAE), seed)
    i |= vectors(seed + 1, x=(5, 2, 8, 12), eps=(5, 3, 2, 3))
    scale = generator(seed).uniform(1.5, 3.0, (3, 1, 1))
    return i | {"weight scale": scale, "plain": seed % 2}


@tried("04.4", _bottleneck, cases=("a VAE", "a plain autoencoder"))
def autoencoder(fn: Function, i: Any) -> Results:
    model = loaded(fn, {"config": SMALL_PLAIN if i.plain else SMALL_VAE}, i)
    answer = model(i.x, i.eps)
    if not isinstance(answer, tuple | list):
        pair(answer)  # which says what is wrong with it
    mean, log_var = pair(answer[1])
    first = {"the encoder": next(model.down.parameters())}
    return {
        "rebuilt": answer[0],
        "means": mean,
        "log variances": log_var,
        "rebuilt from the means": model(i.x)[0],
        **slopes(answer[0], **first),
    }


def _feature_maps(seed: int) -> Inputs:
    """What two layers say of two pictures, as after a ReLU."""
    large, small = (7, 4, 6, 5), (7, 8, 3, 2)
    i = vectors(seed, a0=large, a1=small, b0=large, b1=small)
    dtype = np.float32 if seed % 2 else np.float64
    i = {name: (value + 0.3).clip(0).astype(dtype) for name, value in i.items()}
    i["a0"][2, :, 1, 3] = 0  # a place where the network sees nothing
    return i


@tried(
    "04.5",
    _feature_maps,
    cases=("features in float64", "features in float32"),
    tolerances={"distance to itself, three times as loud": (0.0, 1e-5)},
    oracles=(
        equals(
            "distance to itself, three times as loud",
            lambda i: np.zeros(len(i["a0"])),
            "how large the features are must not matter, only their direction",
        ),
    ),
)
def perceptual_distance(fn: Function, i: Any) -> Results:
    a, b = [i.a0, i.a1], [i.b0, i.b1]
    return {
        "distance": fn(a, b),
        "distance of the first layer": fn(a[:1], b[:1]),
        "distance to itself, three times as loud": fn([3 * maps for maps in a], a),
    }


def _critic_scores(seed: int) -> Inputs:
    """Scores on both sides of the margins; there are fewer fakes than pictures."""
    patches = seed % 2
    real, fake = ((7, 1, 3, 4), (5, 1, 2, 3)) if patches else (7, 5)
    i, dtype = vectors(seed, real=real, fake=fake), np.float32 if patches else float
    ends = {"real": 0.4, "fake": -0.4}
    return {n: (end + 1.9 * i[n]).astype(dtype) for n, end in ends.items()}


@tried(
    "04.6",
    _critic_scores,
    cases=("a score for each picture", "a score for each patch"),
    oracles=(
        equals(
            "loss of a critic that is sure",
            lambda i: 0.0,
            "a critic that is right by more than the margin must cost nothing",
        ),
    ),
)
def hinge_critic(fn: Function, i: Any) -> Results:
    real, fake = i.real.requires_grad_(), i.fake.requires_grad_()
    loss, sure = fn(real, fake), torch.full_like(real, 1.5)
    return {
        "loss": loss,
        **slopes(loss, real=real, fake=fake),
        "loss of a critic that is sure": fn(sure, -sure),
        "loss of a critic that says 0": fn(0 * sure, 0 * sure),
    }


def _queries(seed: int) -> Inputs:
    """Queries, keys and values, and a mask with 1 to 5 of 6 keys for each query."""
    rng, batch = generator(seed), ((), (7,), (3, 2))[seed % 3]
    dtype = np.float32 if len(batch) == 2 else np.float64
    sizes = {"q": (5, 9), "k": (6, 9), "v": (6, 4)}
    i: Inputs = {
        name: rng.standard_normal(batch + size).astype(dtype)
        for name, size in sizes.items()
    }
    order = rng.random((5, 6)).argsort(axis=1)
    return i | {"mask": order < rng.integers(1, 6, (5, 1))}


@tried(
    "04.7",
    _queries,
    cases=("one sequence", "a batch (B, T, d)", "heads (B, h, T, d)"),
)
def attention(fn: Function, i: Any) -> Results:
    return {
        "heard": fn(i.q, i.k, i.v),
        "heard with a mask": fn(i.q, i.k, i.v, i.mask),
        "heard when one key stands out": fn(300 * i.q, i.k, i.v),
    }


def _pictures_to_cut(seed: int) -> Inputs:
    sizes = (((7, 3, 4, 6), 2), ((5, 2, 6, 9), 3), ((4, 3, 2, 2), 2))
    size, patch = sizes[seed % 3]
    dtype = np.float64 if seed % 3 else np.float32
    return {"x": generator(seed).standard_normal(size).astype(dtype), "patch": patch}


def _as_one_reads(i: Inputs) -> Array:
    x, patch = i["x"], i["patch"]
    tops, lefts = (range(0, side, patch) for side in x.shape[2:])
    corners = [(top, left) for top in tops for left in lefts]
    tiles = [x[:, :, a : a + patch, b : b + patch] for a, b in corners]
    return np.stack([tile.reshape(len(x), -1) for tile in tiles], axis=1)


@tried(
    "04.8",
    _pictures_to_cut,
    cases=("patches of 2", "patches of 3", "one patch for all"),
    oracles=(
        equals(
            "tokens",
            _as_one_reads,
            "token 0 must be the top left patch, token 1 its right neighbour, and each "
            "holds channel after channel, row by row",
        ),
    ),
)
def patchify(fn: Function, i: Any) -> Results:
    low, narrow = i.x[:, :, 1:], i.x[..., 1:]
    return {
        "tokens": fn(i.x, i.patch),
        "refuses rows that do not fit": refusal(lambda: fn(low, i.patch)),
        "refuses columns that do not fit": refusal(lambda: fn(narrow, i.patch)),
    }


SMALL_VIT = ViTConfig(channels=2, size=6, patch=3, width=12, depth=2, heads=3)


def _pictures_to_read(seed: int) -> Inputs:
    x = vectors(seed + 1, x=(1 if seed % 2 else 7, 2, 6, 6))
    return weights(ViT(SMALL_VIT), seed) | x


@tried("04.9", _pictures_to_read, cases=("a batch of pictures", "one picture"))
def vit(fn: Function, i: Any) -> Results:
    model = loaded(fn, {"config": SMALL_VIT}, i)
    return {"tokens": model.tokens(i.x), "vector of the picture": model(i.x)}


def _ended_prompts(seed: int) -> Inputs:
    """Prompts as ids, with one `end` each, and zeros behind it in the first case."""
    rng, full = generator(seed), seed % 2
    end = int(rng.integers(2, 5))
    ids = rng.choice(np.setdiff1d(np.arange(1, 30), end), (7, 9))
    place = rng.permutation([1, 7, *rng.integers(1, 8, 5)]) * (1 - full) + 8 * full
    ids[np.arange(7), place] = end
    ids[np.arange(9) > place[:, None]] = 0
    tokens = rng.standard_normal((7, 9, 4)).astype(np.float32 if full else float)
    return {"tokens": tokens, "ids": ids.astype(np.int64), "end": end}


@tried(
    "04.10",
    _ended_prompts,
    cases=("prompts of many lengths", "prompts without padding"),
)
def at_end(fn: Function, i: Any) -> Results:
    other = torch.where(i.ids == 0, 40 + torch.arange(9), i.ids)
    return {
        "vectors": fn(i.tokens, i.ids, i.end),
        "vectors with other padding": fn(i.tokens, other, i.end),
        "vector of one prompt": fn(i.tokens[:1], i.ids[:1], i.end),
    }


VECTORS = ("vectors in float64", "vectors in float32")


def _own_pairs(seed: int) -> Inputs:
    """Vectors of any length that agree a little, and what makes logits of cosines."""
    rng, shared = generator(seed), generator(seed + 1000).standard_normal((7, 4))
    made: Inputs = {
        "log_scale": np.log(rng.uniform(2.5, 6)),
        "bias": -rng.uniform(1, 3),
    }
    for name in ("images", "texts"):
        own = shared + rng.standard_normal(shared.shape)
        made[name] = own * rng.uniform(0.3, 3, (7, 1))
    dtype = np.float32 if seed % 2 else np.float64
    return {name: np.asarray(value, dtype) for name, value in made.items()}


@tried(
    "04.11",
    _own_pairs,
    cases=VECTORS,
    oracles=(
        equals(
            "loss when all look alike",
            lambda i: np.log(len(i["images"])),
            "when all vectors are alike it is a guess among B: log(B)",
        ),
    ),
)
def clip_loss(fn: Function, i: Any) -> Results:
    leaves = {n: i[n].requires_grad_() for n in ("images", "texts", "log_scale")}
    loss, same = fn(*leaves.values()), torch.ones_like(i.images)
    return {
        "loss": loss,
        **slopes(loss, **leaves),
        "loss of longer vectors": fn(3 * i.images, i.texts / 2, i.log_scale),
        "loss when all look alike": fn(same, same, i.log_scale),
    }


def _pair_by_pair(i: Inputs) -> Any:
    """The sigmoid loss; -log sigmoid(z) is log(1 + exp(-z))."""
    u, v = (i[n] / np.linalg.norm(i[n], axis=1)[:, None] for n in ("images", "texts"))
    logits = np.exp(i["log_scale"]) * u @ v.T + i["bias"]
    signs = 1 - 2 * np.eye(len(logits))
    return np.logaddexp(0, signs * logits).sum() / len(logits)


@tried(
    "04.12",
    _own_pairs,
    cases=VECTORS,
    tolerances={"loss at a large scale": (1e-4, 0)},
    oracles=(
        equals(
            "loss",
            _pair_by_pair,
            "not -log sigmoid(z * logit), summed over all pairs and divided by B",
        ),
    ),
)
def sigmoid_loss(fn: Function, i: Any) -> Results:
    names = ("images", "texts", "log_scale", "bias")
    leaves = {n: i[n].requires_grad_() for n in names}
    loss = fn(*leaves.values())
    return {
        "loss": loss,
        **slopes(loss, **leaves),
        "loss of longer vectors": fn(3 * i.images, i.texts / 2, i.log_scale, i.bias),
        # where a sigmoid is 0 to the last digit
        "loss at a large scale": fn(i.images, i.texts, i.log_scale + 7, i.bias),
    }


def _classified(seed: int) -> Inputs:
    """Pictures with labels, and the two matrices of a small classifier."""
    i, rng = draws("xt", "first", t=(0.05, 0.95))(seed), generator(seed + 1000)
    dtype, first = i["xt"].dtype, i["first"].reshape(7, -1)[:6]
    i["first"] = (first.T / np.sqrt(first[0].size)).astype(dtype)
    second = rng.standard_normal((6, 4)).astype(dtype)
    return i | {"second": second, "label": rng.integers(0, 4, 7)}


@tried(
    "04.13",
    _classified,
    tolerances={"slope of a sure classifier": (1e-2, 1.0)},  # of thousands
)
def classifier_slope(fn: Function, i: Any) -> Results:
    matrices = i.first.requires_grad_(), i.second.requires_grad_()

    def classifier(x: Tensor, t: Tensor) -> Any:
        flat = x.flatten(1)
        return torch.tanh(flat @ matrices[0] + column(t, flat)) @ matrices[1]

    slope = fn(classifier, i.xt, i.t, i.label)
    array(slope)  # which says so when it is no tensor
    if i.xt.requires_grad:
        raise BadResult(
            "x_t itself asks for gradients now: work on a copy, xt.detach()"
        )
    with torch.no_grad():
        quiet = fn(classifier, i.xt, i.t, i.label)
    return {
        "slope": slope,
        "slope of a sure classifier": fn(
            lambda x, t: 5000 * classifier(x, t), i.xt, i.t, i.label
        ),
        "slope inside no_grad": quiet,
        "slopes that still record": count(slope.requires_grad),
        "gradients left in the classifier": count(
            sum(matrix.grad is not None for matrix in matrices)
        ),
    }


@tried(
    "04.14",
    draws("conditional", "unconditional", scale=(1.5, 6)),
    oracles=(
        equals(
            "guided at scale 1",
            lambda i: i["conditional"],
            "at scale 1 it must be the conditional answer",
        ),
    ),
)
def guided(fn: Function, i: Any) -> Results:
    return {
        "guided": fn(i.conditional, i.unconditional, i.scale),
        "guided at scale 1": fn(i.conditional, i.unconditional, 1.0),
        "guided at scale 0": fn(i.conditional, i.unconditional, 0.0),
        "guided when both agree": fn(i.conditional, i.conditional, i.scale),
    }


def _conditions(seed: int) -> Inputs:
    """Conditions of three kinds; one row's luck is 0, and one is just the chance."""
    rng, size = generator(seed), ((), (5,), (5, 4))[seed % 3]
    i: Inputs = {"cond": rng.integers(0, 10, (9, *size))}
    i["null"] = np.asarray(rng.integers(10, 20, size))
    if seed % 3 == 2:
        i = {name: (value / 3).astype(np.float32) for name, value in i.items()}
    chance = rng.uniform(0.3, 0.6)
    some, others = rng.uniform(0, 0.99, 3), rng.uniform(1.01, 1 / chance, 4)
    luck = chance * rng.permutation([0, 1, *some, *others])
    return i | {"chance": chance, "luck": luck}


@tried("04.15", _conditions, ("labels (B,)", "prompts (B, L)", "features (B, L, D)"))
def drop_condition(fn: Function, i: Any) -> Results:
    return {
        "conditions": fn(i.cond, i.null, i.chance, i.luck),
        "conditions with chance 0": fn(i.cond, i.null, 0.0, i.luck),
        "conditions with chance 1": fn(i.cond, i.null, 1.0, i.luck),
    }


def _with_conditions(seed: int) -> Inputs:
    rng = generator(seed + 1000)
    return draws("xt", t=(0, 1), scale=(1.5, 6))(seed) | {
        "cond": rng.standard_normal((7, 4)),
        "null": rng.standard_normal(4),
    }


class WatchedConditions:
    """A model of (x, t, cond) that remembers the batches it was asked about."""

    def __init__(self) -> None:
        """Nobody has asked yet."""
        self.sizes: list[int] = []

    def __call__(self, x: Tensor, t: Tensor, cond: Tensor) -> Any:
        """Its answer. Raises BadResult when the rows do not fit."""
        self.sizes.append(len(x))
        if not len(x) == len(t) == len(cond):
            raise BadResult(
                "x_t, t and cond must have one row for each sample: double all three"
            )
        return bend(x, t) + column(torch.sin(cond.sum(-1)), x) * x


@tried("04.16", _with_conditions)
def classifier_free(fn: Function, i: Any) -> Results:
    both, one, none = WatchedConditions(), WatchedConditions(), WatchedConditions()
    ask = fn(both, i.cond, i.null, i.scale)
    found, sizes = ask(i.xt, i.t), torch.tensor(both.sizes)
    return {
        "guided": found,
        "guided, asked again elsewhere": ask(2 * i.xt, i.t),
        "guided at scale 1": fn(one, i.cond, i.null, 1.0)(i.xt, i.t),
        "guided at scale 0": fn(none, i.cond, i.null, 0.0)(i.xt, i.t),
        "batches": sizes,
        "batches at scale 1": torch.tensor(one.sizes),
    }

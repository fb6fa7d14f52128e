"""How the exercises of notebook 8a are tried: fresh inputs, and a look."""

from dataclasses import fields, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from coursekit.checks.spec import BadResult, Function, Inputs
from coursekit.checks.tried import (
    Net,
    Results,
    Tries,
    array,
    count,
    draws,
    generator,
    loaded,
    number,
    pair,
    refusal,
    vectors,
    weights,
)
from coursekit.evaluation.picture_prices import Machine
from coursekit.models.patches import BottleneckEmbedding
from coursekit.models.picture_cost import PictureCost
from coursekit.models.published_shapes import Shape
from coursekit.models.uit import StreamBlock

PROBES = Tries()
tried = PROBES.tried


SHEETS = (  # of no published model: every kind of part, and numbers that differ
    Shape(48, 3, 7, 80, 6, 2, 4, 40, gated=True, knobs="shared", encoder=9e3),
    Shape(40, 4, 0, 160, 5, 4, 8, 24, encoder=7e3, guided=False),
    Shape(64, 0, 5, 72, 3, 8, 1, gated=True, keys=16, knobs="none", bottleneck=20),
)
PLANS = ("both kinds of blocks, shared knobs", "two streams", "one stream, no knobs")


def _sheet(i: Any) -> Shape:
    """One of SHEETS, with widths that nobody can know beforehand."""
    plain = SHEETS[i.kind]
    return replace(
        plain, width=8 * i.eights, hidden=plain.hidden + i.more, steps=20 + i.more
    )


def _numbers(seed: int) -> Inputs:
    rng = generator(seed)
    return {
        "kind": seed % len(SHEETS),
        "eights": int(rng.integers(4, 12)),
        "more": int(rng.integers(1, 30)),
        "words": int(rng.integers(3, 9)),
        "tokens": int(rng.integers(11, 30)),
    }


def _cost(found: Any) -> Results:
    """Weights and FLOPs as results. Raises BadResult for anything else."""
    if not isinstance(found, tuple | list) or len(found) != 2:
        raise BadResult("it must return a Cost: weights and FLOPs")
    return {"weights": number(found[0]), "FLOPs": number(found[1])}


def _small(seed: int) -> Inputs:
    rng = generator(seed)
    return _numbers(seed) | {
        "width": 8 * int(rng.integers(2, 5)) + 4,
        "blocks": int(rng.integers(3, 6)),
    }


@tried("08a.2", _small, cases=PLANS)
def miniature(fn: Function, i: Any) -> Results:
    shape, found = _sheet(i), dict[str, Any]()
    kinds = (shape.double > 0) + (shape.single > 0)
    ways = (i.width, i.blocks, 4), (i.width, 2, 2), (i.width, 9, 1), (8, kinds, 1)
    six = fn(replace(shape, patch=6, factor=8), i.width, 3, 4)
    if isinstance(six, Shape):
        found["a patch of 6 and shrink=4"] = number(six.patch)
    for width, blocks, shrink in ways:
        made = fn(shape, width, blocks, shrink)
        if not isinstance(made, Shape):
            raise BadResult("it must return a Shape: replace(shape, width=...)")
        for field in fields(Shape):
            value = getattr(made, field.name)
            if field.name != "knobs":
                end = f"`{field.name}`, width {width}, blocks={blocks}, shrink={shrink}"
                found[end] = number(int(value) if isinstance(value, bool) else value)
    one = (replace(shape, double=2, single=2), i.width, 1, 1)
    torn = (shape, i.width, i.blocks, 64)
    return {
        **found,
        "ValueError for one block of two kinds": refusal(lambda: fn(*one)),
        "ValueError for half a pixel": refusal(lambda: fn(*torn)),
    }


def _picture(seed: int) -> Inputs:
    rng = generator(seed)
    return {
        "factor": 1 if seed % 2 else int(rng.integers(2, 6)),
        "patch": int(rng.integers(2, 6)),
        "side": int(rng.integers(3, 12)),
    }


@tried("08a.4", _picture, cases=("latents", "pixels"))
def tokens_of(fn: Function, i: Any) -> Results:
    plan, step = (i.factor, i.patch), i.factor * i.patch
    size, odd = i.side * step, i.side * step + i.factor
    wide = 2 * i.patch  # a factor that the patch divides
    return {
        "tokens": number(fn(size, *plan)),
        "tokens of one patch": number(fn(step, *plan)),
        "ValueError for one latent too many": refusal(lambda: fn(odd, *plan)),
        "ValueError for one pixel too many": refusal(lambda: fn(size + 1, *plan)),
        "ValueError where factor and patch divide, but not together": refusal(
            lambda: fn(wide * (i.patch * i.side + 1), wide, i.patch)
        ),
    }


@tried("08a.6", _numbers, cases=PLANS)
def maps(fn: Function, i: Any) -> Results:
    return _cost(fn(_sheet(i), i.tokens))


@tried("08a.7", _numbers, cases=PLANS)
def shape_pass(fn: Function, i: Any) -> Results:
    found = dict(_cost(fn(_sheet(i), i.words, i.tokens)))
    single = _cost(fn(replace(_sheet(i), double=0), i.words, i.tokens))
    for name, value in single.items():
        found[f"{name} without double blocks"] = value
    return found


# --- the data, or the velocity ---

SAYS = ("x0", "eps", "velocity")
SPOKEN = ("the data", "the noise", "the velocity")


def _rows(seed: int) -> Inputs:
    """Rows that vary more along some directions, and more or fewer than numbers."""
    rng, many = generator(seed), seed % 2 == 0
    spread = np.array([3.0, 2.0, 1.2, 0.7, 0.3, 0.1])
    rows = rng.standard_normal((40 if many else 4, 6)) * spread
    turned = rows @ np.linalg.qr(rng.standard_normal((6, 6)))[0] + rng.uniform(1, 2, 6)
    return {"rows": turned.astype(np.float64 if many else np.float32)}


@tried(
    "08a.9",
    _rows,
    cases=("40 rows of 6 numbers", "4 rows of 6 numbers, float32"),
    tolerances={"the variances": (1e-6, 1e-7)},
)
def principal_directions(fn: Function, i: Any) -> Results:
    variances, vectors = pair(fn(i.rows))
    return {
        "the variances": variances,
        "how many of them lie below 0": count(int((variances < 0).sum())),
        "lengths and angles of the vectors": vectors.mT @ vectors,
        "the first vector, times itself": vectors[:, :1] * vectors[:, 0],
        "the covariance that they make": (vectors * variances) @ vectors.mT,
    }


def _spectrum(seed: int) -> Inputs:
    rng = generator(seed)
    variances = rng.permutation([0.0, *np.exp(rng.uniform(-6, 1.5, 7))])
    return {
        "variances": variances,
        "t": float(rng.uniform(0.3, 0.7)),
        "least": float(rng.uniform(0.75, 0.9)),
        "says": seed % 3,
    }


@tried("08a.10", _spectrum, cases=SPOKEN)
def best_gains(fn: Function, i: Any) -> Results:
    says = SAYS[i.says]
    return {
        "gains": fn(i.variances, i.t, says),
        "gains with little noise": fn(i.variances, i.t / 20, says),
        "gains with much noise": fn(i.variances, 1 - i.t / 20, says),
    }


@tried("08a.11", _spectrum, cases=SPOKEN)
def rank_errors(fn: Function, i: Any) -> Results:
    says = SAYS[i.says]
    return {
        "errors": fn(i.variances, i.t, says),
        "errors below the least time": fn(i.variances, i.t / 20, says),
        "errors with another least time": fn(i.variances, i.t, says, i.least),
    }


SQUARES = (2, 1, 3)  # sides of a patch


def _to_embed(seed: int) -> Inputs:
    patch = SQUARES[seed % 3]
    i = weights(BottleneckEmbedding(2, patch, 2, 5), seed) | {"patch": patch}
    return i | vectors(seed + 1, x=(4, 2, 2 * patch, 3 * patch))


@tried("08a.14", _to_embed, cases=tuple(f"patches of {side}" for side in SQUARES))
def bottleneck(fn: Function, i: Any) -> Results:
    sizes = {"channels": 2, "patch": i.patch, "bottleneck": 2, "width": 5}
    found = loaded(fn, sizes, i)(i.x)
    return {"tokens": found, "tokens, x twice as large": loaded(fn, sizes, i)(2 * i.x)}


@tried("08a.15", draws("xt", "x0", t=(0, 1), least=(0.1, 0.4)))
def clamped_velocity(fn: Function, i: Any) -> Results:
    return {
        "velocity": fn(i.xt, i.x0, i.t, i.least),
        "velocity with the usual least time": fn(i.xt, i.x0, i.t),
        "velocity at one time for all": fn(i.xt, i.x0, i.t[2], i.least),
    }


@tried("08a.17", draws("x0", "eps", t=(0, 1), least=(0.1, 0.4), weight=(0.5, 1.5)))
def clamped_velocity_loss(fn: Function, i: Any) -> Results:
    net = Net(i.weight, i.x0)

    def led(xt: Tensor, t: Tensor, cond: Tensor) -> Tensor:
        return net(xt, t) + cond

    def strict(xt: Tensor, t: Tensor) -> Tensor:
        return net(xt, t)

    found = net.learns(fn(strict, i.x0, i.t, i.eps, least=i.least))
    return {
        **found,
        "loss with a condition": fn(led, i.x0, i.t, i.eps, i.eps.flip(0), i.least),
        "loss with the usual least time": fn(strict, i.x0, i.t, i.eps),
    }


@tried("08a.20", draws("xt", t=(0, 1), scale=(1.5, 8)))
def without_noise_scale(fn: Function, i: Any) -> Results:
    state, times = pair(fn(i.xt, i.t, i.scale))
    quieter, _ = pair(fn(i.xt, i.t, 1 / i.scale))
    one, when = pair(fn(i.xt, i.t[2], i.scale))
    return {
        "state": state,
        "times": times,
        "state, the scale below 1": quieter,
        "state at one time for all": one,
        "that time": when,
    }


def _stream(seed: int) -> Inputs:
    words, others = ((4, 3), (1, 6), (5, 1))[seed % 3]
    return {"words": words + seed // 3 % 3, "others": others + seed // 3 % 2}


@tried("08a.22", _stream, cases=("more words", "one word", "one token behind"))
def stream_mask(fn: Function, i: Any) -> Results:
    mask = fn(i.words, i.others)
    if array(mask).dtype != np.bool_:
        raise BadResult(f"the dtype is {mask.dtype}, and must be bool: who may look?")
    return {"mask": mask.int()}


def _block() -> StreamBlock:
    return StreamBlock(8, 2, 2.0)


def _behind(seed: int) -> Inputs:
    words, others = ((3, 4), (5, 1))[seed % 2]
    kept = (2, 2, words, 4)
    shapes = {"x": (2, others, 8), "keys": kept, "values": kept, "angles": (others, 2)}
    return weights(_block(), seed) | vectors(seed + 1, **shapes)


@tried("08a.24", _behind, cases=("four tokens behind three words", "one behind five"))
def behind_words(fn: Function, i: Any) -> Results:
    block = loaded(lambda: _block(), {}, i)
    return {"tokens": fn(block, i.x, (i.keys, i.values), i.angles)}


class _Borrower(nn.Module):
    """An encoder, of which some may be frozen, what reads it, and a spare part."""

    def __init__(self, frozen: int, width: int) -> None:
        """frozen: how many layers of the encoder."""
        super().__init__()
        layers = [nn.Linear(width, width) for _ in range(3)]
        self.encoder = nn.Sequential(*layers)
        self.spare = nn.Linear(width, 2)
        self.bridge = nn.Linear(width, width + 1)
        self.scale = nn.Parameter(torch.zeros(()))
        self.head = nn.Linear(width + 1, 1)
        for layer in layers[:frozen]:
            layer.requires_grad_(False)

    def forward(self, x: Tensor, cut: bool) -> Tensor:
        """cut: the encoder is read without a gradient."""
        with torch.set_grad_enabled(not cut):
            told = self.encoder(x)
        # A gate that is shut: the slopes of all before it are 0.
        found: Tensor = self.head(self.scale * self.bridge(told)).sum()
        return found


def _borrowers(seed: int) -> Inputs:
    frozen, cut = ((0, 0), (3, 0), (1, 0), (0, 1))[seed % 4]
    return {"frozen": frozen, "cut": cut, "width": 3 + seed // 4 % 4}


@tried(
    "08a.26",
    _borrowers,
    cases=("nothing frozen", "a frozen encoder", "a frozen layer", "no gradient kept"),
)
def who_learns(fn: Function, i: Any) -> Results:
    model = _Borrower(i.frozen, i.width)
    loss = model(torch.ones(2, i.width), bool(i.cut))
    found = fn(model, loss)
    if not isinstance(found, dict):
        raise BadResult("it must return a dictionary: part -> how many numbers learn")
    parts = dict.fromkeys(n.partition(".")[0] for n, _ in model.named_parameters())
    touched = any(p.grad is not None for p in model.parameters())
    return {
        "parts, in their order": count(list(found) == list(parts)),
        **{f"numbers of {part}": number(found.get(part, -1)) for part in parts},
        "parameters whose grad was touched": count(touched),
        "the graph is still there": count(
            refusal(loss.backward, RuntimeError).item() == 0
        ),
    }


def _sized(seed: int) -> Inputs:
    rng = generator(seed)
    edges = np.cumsum(rng.uniform(0.5, 1.5, 5))
    size = rng.uniform(edges[0] - 0.5, edges[-1] + 0.5, 60)
    size[:10] = np.concatenate([edges, edges])  # an edge belongs to what is above it
    before, after = rng.random((2, 60)) < 0.6
    if seed % 2:  # nothing to lose in a bin
        before &= ~((edges[1] <= size) & (size < edges[2]))
    known = [0, 2, 3] if seed % 2 else [0, 1, 2, 3]
    given = {"before": before, "after": after, "size": size, "edges": edges}
    return given | {"known": np.array(known)}


@tried("08a.27", _sized, cases=("all bins known", "a bin where nothing was right"))
def lost_by_size(fn: Function, i: Any) -> Results:
    found = fn(i.before, i.after, i.size, i.edges)
    array(found)
    if found.shape != (4,):
        return {"lost": found}
    return {"lost": found[i.known], "is it unknown?": found.isnan().double()}


def _wishes(seed: int) -> Inputs:
    rng = generator(seed)
    pool, said = rng.integers(0, 3, (24, 5)), rng.integers(0, 3, 5)
    said[rng.permutation(5)[: (2, 3, 4)[seed % 3]]] = -1
    if seed % 3 == 0:  # two words that no row has
        place, other = rng.choice(np.flatnonzero(said >= 0), 2, replace=False)
        said[place], pool[:, place], said[other] = 0, np.maximum(pool[:, place], 1), 3
    return {"said": said, "pool": pool}


@tried("08a.28", _wishes, cases=("nobody agrees in all", "some agree", "one word"))
def completions(fn: Function, i: Any) -> Results:
    before = i.pool.clone()
    found = fn(i.said, i.pool)
    array(found)
    return {
        "descriptions": found,
        "descriptions where nothing is said": fn(torch.full_like(i.said, -1), i.pool),
        "the pool": i.pool - before,
    }


NAMES = ("fur", "hat", "place")


def _pictures(seed: int) -> Inputs:
    rng = generator(seed)
    said, seen = rng.integers(0, 3, (9, 3)), rng.integers(0, 4, (9, 3))
    seen = np.where(rng.random((9, 3)) < 0.4, said, seen)
    gaps = rng.random((9, 3)) < 0.4
    gaps[:, 0] = np.arange(9) % 3 > 0  # wishes differ in how much they say
    return {"said": np.where(gaps, -1, said), "seen": seen, "quiet": seed % 2}


def _words(row: Tensor, missing: int) -> dict[str, str]:
    pairs = zip(NAMES, row.tolist(), strict=True)
    return {name: f"word {word}" for name, word in pairs if word != missing}


@tried("08a.30", _pictures, cases=("short and long wishes", "a wish of no words"))
def adherence(fn: Function, i: Any) -> Results:
    said = [_words(row, -1) for row in i.said]
    seen = [_words(row, 3) for row in i.seen]
    if i.quiet:
        said[4] = {}
    return {
        "share": number(fn(said, seen)),
        "share of two pictures": number(fn(said[:2], seen[:2])),
        "where nothing was said": number(fn([{}, {}], seen[:2])),
        "refuses two lengths": refusal(lambda: fn(said, seen[1:])),
    }


def _throws(seed: int) -> Inputs:
    rng = generator(seed)
    options = rng.integers(2, 9, 4) if seed % 2 == 0 else np.array([1, 2, 3, 50])
    return {"options": options, "draws": rng.integers(1, 7, 4)}


@tried("08a.31", _throws, cases=("dice", "one option, and many"))
def even_bits(fn: Function, i: Any) -> Results:
    pairs = zip(i.options.tolist(), i.draws.tolist(), strict=True)
    return {f"bits, number {n}": number(fn(*each)) for n, each in enumerate(pairs)}


def _bill(seed: int) -> Inputs:
    rng = generator(seed)
    return {
        "pixels": int(rng.integers(1_000, 9_000)),
        "flops": int(rng.integers(1_000, 9_000)) * 10**6,
        "passes": int(rng.integers(10, 60)),
        "text": int(rng.integers(100, 900)) * 10**6,
        "calls": 0 if seed % 2 else int(rng.integers(5, 9)),
        "peak": float(rng.uniform(1e9, 5e9)),
        "share": float(rng.uniform(0.2, 0.7)),
        "waits": float(rng.uniform(2.0, 8.0)),
        "price": float(rng.uniform(0.5, 7.0)),
    }


@tried("08a.33", _bill, cases=("one picture at a time", "a batch without end"))
def price_per_megapixel(fn: Function, i: Any) -> Results:
    ends = (i.passes, i.text, 2, 5 * i.text)
    cost = PictureCost(i.pixels, 64, 30, 10**6, i.flops, *ends)
    machine = Machine(i.peak, i.share, i.waits)
    return {"price of a megapixel": number(fn(cost, machine, i.price, i.calls))}


def _timed(seed: int) -> Inputs:
    rng = generator(seed)
    each, calls = float(rng.uniform(0.1, 0.9)), int(rng.integers(4, 30))
    share = ((0.1, 0.5), (1.0, 3.0), (-0.4, -0.2))[seed % 3]  # of `each`
    waits = each * float(rng.uniform(*share))
    batch = int(rng.integers(3, 20))
    return {
        "peak": float(rng.uniform(1e9, 5e9)),
        "flops": int(rng.integers(10, 90)) * 10**6,
        "calls": calls,
        "batch": batch,
        "alone": each + waits,
        "together": batch * each + waits,
    }


@tried(
    "08a.35",
    _timed,
    cases=("it computes, mostly", "it waits, mostly", "a picture alone is quicker"),
)
def calibrated(fn: Function, i: Any) -> Results:
    found = fn(i.peak, i.flops, i.calls, i.alone, i.together, i.batch)
    if not isinstance(found, Machine):
        raise BadResult("it must return a Machine")
    quick = (i.peak, i.flops, i.calls, i.alone, 0.9 * i.alone, i.batch)
    return {
        "peak": number(found.peak),
        "utilisation": number(found.utilisation),
        "seconds of a call": number(found.per_call),
        "ValueError for a batch that takes no time": refusal(lambda: fn(*quick)),
        "ValueError for a batch that takes as long as one": refusal(
            lambda: fn(i.peak, i.flops, i.calls, i.alone, i.alone, i.batch)
        ),
    }


def _scores(seed: int) -> Inputs:
    """Two crowds of scores, with ties or without; of unlike length."""
    rng = generator(seed)
    above, below = rng.normal(0.5, 1, 7), rng.normal(0, 1, 11)
    if seed % 3 == 1:
        above, below = above.round(), below.round()
    if seed % 3 == 2:
        above = above + 9
    return {"above": above, "below": below}


@tried("08a.37", _scores, cases=("no two alike", "ties", "all above"))
def auc(fn: Function, i: Any) -> Results:
    return {
        "area": number(fn(i.above, i.below)),
        "area, crowds exchanged": number(fn(i.below, i.above)),
    }

"""How the exercises of extension 10 are tried: fresh inputs, and a look."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from coursekit.checks.spec import BadResult, Function, Inputs
from coursekit.checks.tried import (
    Results,
    Tries,
    array,
    count,
    generator,
    loaded,
    number,
    refusal,
    slopes,
    weights,
)
from coursekit.datasets.infilling import ORDERS, Gap
from coursekit.datasets.library_text import byte_pairs
from coursekit.models.token_transformer import TokenConfig, TokenTransformer
from coursekit.theory.unmasking import Guess

PROBES = Tries()
tried = PROBES.tried


# --- 10.1, 10.2 -----------------------------------------------------------------------
def _rows(seed: int) -> Inputs:
    """Logits of any size, and rows of which some tokens are only read."""
    rng, dtype = generator(seed), (np.float64, np.float32)[seed % 2]
    ids = rng.integers(0, 6, (4, 7))
    counted = rng.random((4, 7)) < 0.7
    counted[0], counted[1, 0] = False, True
    ids[~counted] += 6 * (rng.random((4, 7)) < 0.3)[~counted]  # such as a mark
    logits = (3 * rng.standard_normal((4, 7, 6)) + 2).astype(dtype)
    return {"logits": logits, "ids": ids, "counted": counted}


@tried("10.1", _rows, cases=("float64 logits", "float32 logits"))
def next_token_bits(fn: Function, i: Any) -> Results:
    logits = i.logits.requires_grad_()
    bits = fn(logits, i.ids, i.counted)
    return {
        "bits": bits,
        **slopes(bits, logits=logits),
        "bits of a row of one token": fn(
            logits[:, :1], i.ids[:, :1] % 6, torch.ones(4, 1, dtype=torch.bool)
        ),
    }


TINY = TokenConfig(vocabulary=5, length=13, width=8, depth=2, heads=2)


class _Reader(TokenTransformer):
    """A network that remembers how many columns it was handed in each pass, and what
    it said of the first token to write."""

    def forward(self, ids: Tensor, *args: Any, **named: Any) -> Tensor:
        """The logits."""
        self.__dict__.setdefault("read", []).append(ids.shape[1])
        logits: Tensor = super().forward(ids, *args, **named)
        self.__dict__.setdefault("said", logits[:, -1])
        return logits


def _prompts(seed: int) -> Inputs:
    with torch.random.fork_rng(devices=[]):
        found = weights(TokenTransformer(TINY), seed)
    # so that attention counts, and the words differ from place to place
    more = {f"weight blocks.{layer}.out.weight": 6.0 for layer in range(TINY.depth)}
    more |= {"weight place.weight": 3.0, "weight norm.bias": 0.0}
    rng = generator(seed)
    return {
        **{name: more.get(name, 1.0) * value for name, value in found.items()},
        "prompt": rng.integers(0, 5, (16, 2 + seed % 2)),
        "stir": int(rng.integers(1000)),
    }


@tried("10.3", _prompts, cases=("prompts of two tokens", "prompts of three tokens"))
def write_left_to_right(fn: Function, i: Any) -> Results:
    def write(name: str, prompt: Tensor, *args: Any) -> dict[str, Tensor]:
        model = loaded(_Reader, {"config": TINY}, i)
        found = fn(model, prompt, *args)
        if not isinstance(found, tuple) or len(found) != 3:
            raise BadResult("it must return Written(ids, passes, by_block)")
        if not isinstance(found[0], Tensor):
            return {f"ids {name}": found[0]}
        if "read" not in model.__dict__:
            raise BadResult("the model is never asked: call model(ids, causal, cache)")
        return {
            f"ids {name}": found[0],
            f"columns read in each pass {name}": torch.tensor(model.read),
            f"logits of the first token {name}": model.said,
            f"passes {name}": count(found[1]),
            f"passes of each token {name}": torch.tensor(found[2]),
        }

    stir = torch.Generator().manual_seed(i.stir)
    greedy = write("at temperature 0", i.prompt[:3], 8, 0.0)
    words = greedy["ids at temperature 0"]
    if not isinstance(words, Tensor) or words.shape[1:] != (8,):
        return greedy
    ends: dict[str, Tensor] = {}
    for end in range(TINY.vocabulary):
        ends |= write(f"up to ends {end}", i.prompt[:2], 9, 1.3, stir, end)
    return {
        **greedy,
        **write("at temperature 1.3", i.prompt[:3], 8, 1.3, stir),
        **ends,
        **write("of one row", i.prompt[:1], 8, 0.0, None, int(words[0, 3])),
        **write("of one token", i.prompt, 1, 1.3, stir),
    }


MASK = 9


def _texts(seed: int) -> Inputs:
    rng, many = generator(seed), 3000
    x0 = rng.integers(0, MASK, (many, 8))
    x0[0, :2] = MASK  # somebody typed it
    editable = np.ones((many, 8), dtype=bool)
    editable[0, :2] = False
    editable[: many // 2, 5:] = seed % 2 == 0
    return {
        **{"x0": x0, "editable": editable, "stir": int(rng.integers(1000))},
        "edges": rng.integers(0, 2, (many, 8)).astype(np.float32),
        "t": rng.choice([0.2, 0.5, 0.8], many).astype(np.float32),
    }


def _masked(found: Any) -> tuple[Tensor, Tensor]:
    if not isinstance(found, tuple | list) or len(found) != 2:
        raise BadResult("it must return two tensors: Masked(xt, masked)")
    xt, masked = found
    if not isinstance(masked, Tensor) or masked.dtype != torch.bool:
        raise BadResult("it must return bools for `masked`: which places are hidden")
    return xt, masked


@tried(
    "10.5",
    _texts,
    cases=("all places", "some rows in part"),
    tolerances={
        "share hidden at each t": (0.0, 0.04),
        "how the share differs from text to text": (0.2, 0.0),
        "share hidden of each place": (0.0, 0.07),
    },
)
def mask_tokens(fn: Function, i: Any) -> Results:
    def draw(t: Tensor) -> tuple[Tensor, Tensor]:
        stir = torch.Generator().manual_seed(i.stir)
        return _masked(fn(i.x0, t, i.editable, MASK, stir))

    xt, masked = draw(i.edges)
    edges = {
        "places hidden where each place has a t of 0 or 1": masked.int(),
        "ids where each place has a t of 0 or 1": xt,
    }
    if not isinstance(xt, Tensor) or {xt.shape, masked.shape} != {i.x0.shape}:
        return edges
    some, holes = draw(i.t)
    share = holes.double().sum(1) / i.editable.sum(1)
    ts = i.t.unique()
    return {
        **edges,
        "hidden places that do not hold the mask": count(
            int((some[holes] != MASK).sum())
        ),
        "seen places that have changed": count(int((some != i.x0)[~holes].sum())),
        "share hidden at each t": torch.stack([share[i.t == t].mean() for t in ts]),
        "how the share differs from text to text": torch.stack(
            [share[i.t == t].std() for t in ts]
        ),
        "share hidden of each place": holes.double().mean(0),
        "x0, unchanged": i.x0,
    }


def _holes(seed: int) -> Inputs:
    rng, dtype = generator(seed), (np.float64, np.float32)[seed % 3 == 1]
    x0, masked = rng.integers(0, 6, (5, 7)), rng.random((5, 7)) < 0.5
    masked[0], masked[1], masked[2, 0] = False, True, True
    x0[~masked] += 3 * (rng.random((5, 7)) < 0.3)[~masked]  # the mask, typed
    t = rng.uniform(0.1, 1, (5, 7) if seed % 3 == 2 else 5)
    t[0], t[2] = 0.0, 1e-3  # nothing hidden; so early that a floor would be felt
    logits = (2 * rng.standard_normal((5, 7, 6))).astype(dtype)
    return {"logits": logits, "x0": x0, "masked": masked, "t": t.astype(dtype)}


@tried(
    "10.6",
    _holes,
    cases=("a time for each text", "float32 logits", "a time for each place"),
)
def masked_bound(fn: Function, i: Any) -> Results:
    logits = i.logits.requires_grad_()
    bound = fn(logits, i.x0, i.masked, i.t)
    return {"bound": bound, **slopes(bound, logits=logits)}


def _strips(seed: int) -> Inputs:
    rng = generator(seed)
    return {"count": (8, 5)[seed % 2], "stirs": rng.integers(0, 10_000, 200)}


@tried(
    "10.8",
    _strips,
    cases=("eight times", "five times"),
    tolerances={
        "strip of each time, in order": (0.0, 0.6),
        "mean of the first time over 200 draws": (0.0, 0.2),
        "spread of the lowest time over 200 draws": (0.3, 0.0),
        "lowest time with a floor of 0.2, over 200 draws": (0.05, 0.02),
        "highest time with a floor of 0.2, over 200 draws": (0.05, 0.0),
    },
)
def stratified_times(fn: Function, i: Any) -> Results:
    # Means and counts over many draws: a wrong version of any style is known by them,
    # whichever random numbers it takes.
    def drawn(floor: float) -> list[Any]:
        stirs = [torch.Generator().manual_seed(s) for s in i.stirs.tolist()]
        return [fn(i.count, stir, floor) for stir in stirs]

    rows, more = drawn(0.0), drawn(0.2)
    for row in (*rows, *more):
        if not isinstance(row, Tensor) or row.shape != (i.count,):
            return {"strip of each time, in order": row}
    ts, high = torch.stack(rows).double(), torch.stack(more).double()
    lowest = ts.min(1).values
    strips = (ts.sort(1).values * i.count).floor()

    def uneven(times: Tensor, gap: float) -> Tensor:
        off = (times.sort(1).values.diff() - gap).abs() > 1e-5
        return count(int(off.any(1).sum()))

    return {
        "strip of each time, in order": strips.mean(0).to(rows[0].dtype),
        "draws whose times are not 1 / count apart": uneven(ts, 1 / i.count),
        "draws with a floor of 0.2 whose times are not 0.8 / count apart": uneven(
            high, 0.8 / i.count
        ),
        "mean of the first time over 200 draws": ts[:, 0].mean(),
        "spread of the lowest time over 200 draws": lowest.std(),
        "lowest time with a floor of 0.2, over 200 draws": high.min(),
        "highest time with a floor of 0.2, over 200 draws": high.max(),
    }


# --- 10.3 to 10.5 ---------------------------------------------------------------------
def _canvas(seed: int) -> Inputs:
    """Rows with many, few and no holes, and what was guessed for them."""
    rng, shape = generator(seed), (4, 9)
    masked = rng.random(shape) < 0.7
    masked[0], masked[1], masked[2] = True, False, np.arange(9) == 3 + seed % 4
    entropy = rng.uniform(0.05, 1.5, shape)
    confidence = rng.uniform(0.05, 0.95, shape)
    if seed % 2:  # many guesses are alike
        entropy, confidence = np.round(4 * entropy) / 4, np.round(confidence, 1)
    entropy = np.maximum(1, np.round(64 * entropy)) / 64  # so that sums are exact
    return {
        "masked": masked,
        "entropy": np.where(masked, entropy, 0.0),
        "confidence": np.where(masked, confidence, 1.0),
        "steps": 4 + seed % 3,
        "nats": float(rng.uniform(0.6, 1.2)),
    }


def _bool(found: Any) -> Tensor:
    """Places that are bool, as 0 and 1."""
    kind = array(found).dtype
    if kind != np.bool_:
        raise BadResult(
            f"the dtype is {kind}, and must be bool: which places are shown"
        )
    return torch.as_tensor(found).int()


@tried("10.10", _canvas, cases=("holes", "other holes"))
def share_now(fn: Function, i: Any) -> Results:
    last = i.steps - 1
    return {
        "the first step's counts": fn(i.masked, i.steps, 0),
        "the second step's counts": fn(i.masked, i.steps, 1),
        "the last step's counts": fn(i.masked, i.steps, last),
        "counts after the last step": fn(i.masked, i.steps, i.steps + 2),
        "counts of more steps than holes": fn(i.masked, 20, 3),
    }


def _rule(made: Any) -> Any:
    if not hasattr(made, "reveal"):
        raise BadResult("it must return a rule: keep the class as it was handed out")
    return made


def _guess(i: Any) -> Guess:
    return Guess(torch.zeros_like(i.masked).long(), i.confidence, i.entropy)


@tried("10.11", _canvas, cases=("guesses", "guesses of equal confidence"))
def by_confidence(fn: Function, i: Any) -> Results:
    rule, guess = _rule(fn(i.steps)), _guess(i)
    return {
        "shown in the first step": _bool(rule.reveal(guess, i.masked, 0)),
        "shown in the third step": _bool(rule.reveal(guess, i.masked, 2)),
        "shown in the last step": _bool(rule.reveal(guess, i.masked, i.steps - 1)),
    }


@tried("10.12", _canvas, cases=("entropies", "equal entropies"))
def entropy_bound(fn: Function, i: Any) -> Results:
    guess = _guess(i)

    def shown(nats: float) -> Tensor:
        return _bool(_rule(fn(nats)).reveal(guess, i.masked, 0))

    return {
        "shown": shown(i.nats),
        "shown with a large bound": shown(3 * i.nats),
        "shown with a bound that is met": shown(
            float(i.entropy[0].sort().values[:2].sum())
        ),
        "shown with a bound of 0": shown(0.0),
        "shown with an infinite bound": shown(math.inf),
        "entropies, unchanged": guess.entropy,
    }


def _times(seed: int) -> Inputs:
    rng = generator(seed)
    t = float(rng.uniform(0.3, 0.6) if seed % 2 else rng.uniform(0.6, 0.95))
    s = t * float(rng.uniform(0.5, 0.8))
    return {"t": t, "s": s, "share": float(rng.uniform(0.2, 0.7))}


@tried("10.15", _times, cases=("a late step", "an early step"))
def step_chances(fn: Function, i: Any) -> Results:
    most = min(1.0, i.s / (1 - i.t))

    def both(t: float, s: float, sigma: float) -> tuple[Tensor, Tensor]:
        found = fn(t, s, sigma)
        if not isinstance(found, tuple | list) or len(found) != 2:
            raise BadResult("it must return two numbers: (hide, show)")
        return number(found[0]), number(found[1])

    hide, show = both(i.t, i.s, i.share * most)
    still = both(i.t, i.t, i.share * min(1.0, i.t / (1 - i.t)))
    return {
        "hide": hide,
        "show": show,
        "show without taking back": both(i.t, i.s, 0.0)[1],
        "show while time stands still": still[1],
        "show in the first step": both(1.0, i.s, 0.5)[1],
        "show at the largest sigma": both(0.5, 0.25, 0.5)[1],
        "a sigma that is too large is refused": refusal(
            lambda: fn(0.3, 0.14, 0.21), ValueError
        ),
        "a sigma below 0 is refused": refusal(lambda: fn(0.5, 0.25, -0.1), ValueError),
    }


def _laws(seed: int) -> Inputs:
    rng, vocabulary = generator(seed), 5 + seed % 2
    law = rng.dirichlet(np.ones(vocabulary), (3, 4))
    if seed % 2:  # x0 is known
        law = np.eye(vocabulary)[rng.integers(vocabulary, size=(3, 4))]
    t = np.array([1.0, *rng.uniform(0.5, 0.9, 2)])
    s = t * np.array([*rng.uniform(0.3, 0.8, 2), 0.0])
    return {"law": law, "xt": rng.integers(vocabulary, size=(3, 4)), "t": t, "s": s}


@tried("10.16", _laws, cases=("a network's laws", "laws of one token"))
def posterior(fn: Function, i: Any) -> Results:
    found = fn(i.law, i.xt, i.t, i.s)
    array(found)
    return {"law at s": found, "its sum over tokens": found.sum(-1)}


# --- 10.6 to 10.8 ---------------------------------------------------------------------
WORDS = 5  # of the small network below


class Looker:
    """A network without weights to learn: a token adds up what it may look at."""

    def __init__(self, words: Tensor, places: Tensor) -> None:
        """words: (WORDS + 1, WORDS), the last row is the mask's; places: (P, WORDS)."""
        self.words, self.places = words, places

    def __call__(
        self,
        ids: Tensor,
        places: Tensor | None = None,
        mask: Tensor | None = None,
        causal: bool = False,
    ) -> Tensor:
        """Logits (B, T, WORDS)."""
        count = ids.shape[1]
        where = torch.arange(count) if places is None else places
        seen = torch.ones(count, count) if mask is None else mask
        seen = (seen.tril() if causal else seen).to(self.words)
        told = self.words[ids] * (1 + self.places[where])
        return seen @ told / seen.sum(1, keepdim=True) + self.places[where]


def _blocks(seed: int) -> Inputs:
    """Blocks of one size after a prompt, or without one; the last may be short."""
    rng, short = generator(seed), seed % 2
    size, blocks = (3, 3) if short else (2, 4)
    length, prompt, rows = size * blocks - short, 2 * short, 4
    row = rng.integers(0, WORDS, (rows, prompt + length))
    t = rng.uniform(0.4, 1.0, (rows, blocks)).repeat(size, axis=1)[:, :length]
    t = np.concatenate([np.ones((rows, prompt)), t], axis=1)
    masked = rng.random(t.shape) < t
    masked[:, :prompt] = False
    return {
        "x0": row,
        "xt": np.where(masked, WORDS, row),
        "masked": masked,
        "t": t,
        **{"prompt": prompt, "length": length, "size": size},
        "words": rng.standard_normal((WORDS + 1, WORDS)),
        "places": rng.standard_normal((prompt + length, WORDS)),
        "passes": rng.integers(1, 5, blocks),
    }


KINDS = ("no prompt", "a prompt, and a short last block")


@tried("10.18", _blocks, cases=KINDS)
def block_mask(fn: Function, i: Any) -> Results:
    found = fn(i.prompt, i.length, i.size)
    if array(found).dtype != np.bool_:
        raise BadResult(f"the dtype is {found.dtype}, and must be bool: who may look")
    return {
        "mask": found.int(),
        "mask of blocks of one": fn(i.prompt, i.length, 1).int(),
        "blocks of size 0 are refused": refusal(lambda: fn(i.prompt, i.length, 0)),
    }


@tried("10.20", _blocks, cases=KINDS)
def block_bound(fn: Function, i: Any) -> Results:
    words = i.words.requires_grad_()
    given = (i.x0, i.xt, i.masked, i.t, i.prompt, i.size)
    bound = fn(Looker(words, i.places), *given)
    return {"bound": bound, **slopes(bound, words=words)}


@tried("10.21", _blocks, cases=KINDS)
def block_flops(fn: Function, i: Any) -> Results:
    config = TokenConfig(vocabulary=31, length=64, width=12, depth=3, heads=2)
    given = (config, i.prompt, i.length, i.size)
    passes = [int(each) for each in i.passes]
    return {
        "FLOPs": number(fn(*given, passes)),
        "FLOPs of one pass a block": number(fn(*given, [1] * len(passes))),
        "FLOPs of a text that ends early": number(fn(*given, passes[:2])),
    }


def _laws_of_two(seed: int) -> Inputs:
    rng, shape = generator(seed), (3, 4, 5)
    p = rng.dirichlet(np.ones(5), shape[:2])
    return {
        "logits": 2 * rng.standard_normal(shape),
        "log_p": np.log(p),
        "where": rng.random(shape[:2]) < (0.8 if seed % 2 else 0.4),
    }


@tried("10.24", _laws_of_two, cases=("few hidden tokens", "many hidden tokens"))
def reverse_kl(fn: Function, i: Any) -> Results:
    logits = i.logits.requires_grad_()
    found = fn(logits, i.log_p, i.where)
    equal = fn(i.log_p + 3.0, i.log_p, i.where)
    nothing = fn(i.logits, i.log_p, torch.zeros_like(i.where))
    return {
        "divergence": found,
        "divergence of equal laws": equal,
        "divergence where nothing is hidden": nothing,
        **slopes(found, logits=logits),
    }


# --- 10.9 to 10.11 --------------------------------------------------------------------
def _gaps(seed: int) -> Inputs:
    rng = generator(seed)
    window = rng.integers(0, 1256, 9)
    cuts = ((2, 5), (0, 4), (6, 9), (3, 3))[seed % 4]
    return {"window": window, "start": cuts[0], "stop": cuts[1]}


@tried(
    "10.26",
    _gaps,
    cases=("a gap inside", "nothing before", "nothing after", "nothing between"),
)
def arrange(fn: Function, i: Any) -> Results:
    gap, found = Gap(i.window, i.start, i.stop), {}
    for order in ORDERS:
        row = fn(gap, byte_pairs("code"), order)
        if not isinstance(row, tuple) or len(row) != 2:
            raise BadResult("it must return a row and a place: (row, place)")
        found[f"row, {order}"] = row[0]
        found[f"place where the middle begins, {order}"] = number(row[1])
    return found


def _answers(seed: int) -> Inputs:
    rng, size = generator(seed), (1, 3)[seed % 2]
    answers = rng.integers(0, 7, (6, size))
    answers[4] = answers[1]
    return {
        "window": rng.integers(0, 7, 8),
        "start": int(rng.integers(1, 4)),
        "answers": answers,
        "cost": rng.uniform(0.1, 8, (7, 7)),
    }


@tried("10.28", _answers, cases=("answers of one token", "answers of three tokens"))
def rescored(fn: Function, i: Any) -> Results:
    gap, asked = Gap(i.window, i.start, i.start + 2), list[Tensor]()

    def bits(rows: Tensor) -> Tensor:
        """Of a chain: each token costs what it costs after the one before."""
        if not isinstance(rows, Tensor) or rows.ndim != 2:
            raise BadResult("bits wants rows of ids: a tensor of shape (N, L)")
        asked.append(rows)
        cost: Tensor = i.cost[rows[:, :-1], rows[:, 1:]].sum(1)
        return cost

    best, calls = fn(bits, gap, i.answers), count(len(asked))
    even = fn(lambda rows: torch.zeros(len(rows)), gap, i.answers)
    return {
        "rows that were asked for": torch.cat(asked) if asked else count(0),
        "times that bits is called": calls,
        "answer": best,
        "answer where all are alike": even,
    }


def _learning(seed: int) -> Inputs:
    rng = generator(seed)
    costs = np.cumsum(rng.uniform(1, 9, 6)) * 10 ** rng.uniform(-2, 9)
    errors = np.sort(rng.uniform(1, 30, 6))[::-1].copy()
    if seed % 2:
        # down to the level again after a rise, whatever the numbers are
        fall = errors[1] - errors[2]
        errors[3:] = errors[2] + fall * np.array([-0.1, 0.6, 0.1])
    return {"costs": costs, "errors": errors}


@tried("10.30", _learning, cases=("a curve that falls", "a curve that rises again"))
def cost_at(fn: Function, i: Any) -> Results:
    costs, errors = i.costs.tolist(), i.errors.tolist()
    low, high = min(errors), max(errors)
    levels = {
        "between": 0.3 * errors[1] + 0.7 * errors[2],
        "early": 0.9 * errors[0] + 0.1 * errors[1],
        "at a measurement": errors[2],
        "late": 0.5 * (errors[2] + low),
        "at the lowest": low,
        "reached at once": high + 1,
    }
    found = {f"cost, {k}": number(fn(costs, errors, v)) for k, v in levels.items()}
    never = float(number(fn(costs, errors, low - 1)))
    return found | {"never reached is infinity": count(never == math.inf)}


def _coloured(seed: int) -> Inputs:
    rng = generator(seed)
    shape = ((3, 4, 5, 3), (2, 3, 3, 3))[seed % 2]
    return {
        "images": rng.integers(0, 256, shape, dtype=np.uint8),
        "palette": rng.integers(0, 256, (6 + seed % 2, 3), dtype=np.uint8),
    }


@tried("10.32", _coloured, cases=("wide pictures", "square pictures"))
def to_tokens(fn: Function, i: Any) -> Results:
    own = i.palette.flip(0)[None, None]
    return {
        "tokens": fn(i.images, i.palette),
        "tokens of the palette itself": fn(own, i.palette),
    }


def _two_answers(seed: int) -> Inputs:
    """Logits with the prompt and without; some words are forbidden in one or both."""
    rng, dtype = generator(seed), (np.float64, np.float32)[seed % 2]
    asked, hidden = (3 * rng.standard_normal((2, 3, 4, 6))).astype(dtype)
    barred = rng.random((2, 3, 4, 6)) < 0.2
    barred[..., 0], barred[:, 0, 0, 1] = False, True
    return {"asked": asked, "hidden": hidden, "barred": barred}


@tried("10.34", _two_answers, cases=("float64 logits", "float32 logits"))
def guided_logits(fn: Function, i: Any) -> Results:
    one, two = (
        told.masked_fill(bar, -torch.inf)
        for told, bar in zip((i.asked, i.hidden), i.barred, strict=True)
    )
    found: dict[str, Any] = {}
    for scale in (0.0, 1.0, 2.5):
        found[f"log-probabilities at scale {scale}"] = fn(i.asked, i.hidden, scale)
        barred = fn(one, two, scale)
        found[f"probabilities at scale {scale}, with forbidden words"] = (
            barred.exp() if isinstance(barred, Tensor) else barred
        )
    return found

"""Figure 10.C: who fills a gap in code exactly?

The same gaps for everybody, in files that no model was trained on and in windows of
random length. Everybody is told how many tokens are missing, but where it is said.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor

from coursekit.datasets.byte_pairs import BytePairs
from coursekit.datasets.infilling import Gap, arrange, draw_gaps, is_exact
from coursekit.datasets.library_text import byte_pairs, code
from coursekit.datasets.token_windows import stream
from coursekit.evaluation.infilling import hidden_row, rescored
from coursekit.evaluation.token_sampling import autoregressive_bits, write_left_to_right
from coursekit.evaluation.written_text import started
from coursekit.experiments.summary import Result
from coursekit.models.token_transformer import TokenTransformer
from coursekit.theory.unmasking import AtRandom, ByConfidence, Rule, unmask
from coursekit.training.pretrained import card, load_model

SIZES = (1, 2, 4)  # tokens of a gap
WINDOWS = (32, 120)  # tokens, the shortest and the longest
COUNT, CANDIDATES, LONGEST = 200, 8, 6
MODELS = ("code-masked", "code-left-to-right", "code-infilling")


def unmasked(
    model: TokenTransformer,
    gaps: Sequence[Gap],
    count: int,
    rule: Rule,
    pairs: BytePairs,
    block: int | None = None,
) -> tuple[list[Tensor], Tensor]:
    """Answers of `count` tokens, always the likeliest, and log p of each answer.

    log p is the sum over its tokens, each when it was shown.
    """
    config = model.config
    rows = [
        hidden_row(g, count, config.length, config.mask_id, pairs.end) for g in gaps
    ]
    xt, masked = map(torch.stack, zip(*rows, strict=True))
    never = (pairs.end, pairs.prefix, pairs.suffix, pairs.middle)
    done = unmask(
        model, xt, masked, rule, 0.0, forbidden=never, block=block, history=True
    )
    shown = [torch.where(f.shown, f.guess.confidence.log(), 0) for f in done.history]
    score = torch.stack(shown).sum(dim=(0, 2))
    return list(done.ids[masked].view(len(gaps), count)), score


def candidates(
    model: TokenTransformer,
    gap: Gap,
    count: int,
    pairs: BytePairs,
    stir: torch.Generator,
) -> Tensor:
    """The likeliest next tokens first, then draws: (CANDIDATES, count)."""
    prompt = started(gap.prefix[None], pairs)
    best = write_left_to_right(model, prompt, count, 0.0).ids
    more = prompt.expand(CANDIDATES - 1, -1)
    return torch.cat([best, write_left_to_right(model, more, count, 1.0, stir).ids])


def told_the_end(
    model: TokenTransformer, gap: Gap, count: int, pairs: BytePairs, stops: bool
) -> Tensor:
    """The likeliest tokens after <suffix> suffix <middle> prefix; or up to its end."""
    row, first = arrange(gap, pairs, "spm")
    prompt = started(row[None, :first], pairs)
    if not stops:
        return write_left_to_right(model, prompt, count, 0.0).ids[0]
    room = min(3 * max(SIZES), model.config.length - prompt.shape[1])
    ids = write_left_to_right(model, prompt, room, 0.0, None, pairs.end).ids[0]
    return ids[(ids == pairs.end).cumsum(0) == 0]


def bigrams(ids: Tensor, words: int) -> Tensor:
    """log p(next | one) over a stream, (words, words); one count more, as overall."""
    flat = ids[:-1] * words + ids[1:]
    counts = torch.bincount(flat, minlength=words**2).view(words, words).double()
    overall = torch.bincount(ids, minlength=words).double() / len(ids)
    return ((counts + overall) / (counts.sum(1, keepdim=True) + 1)).log()


def by_bigrams(table: Tensor, gap: Gap, count: int) -> Tensor:
    """The likeliest tokens between two neighbours, in a chain of bigrams (Viterbi)."""
    score, back = table[gap.prefix[-1]], []
    for _ in range(count - 1):
        score, come = (score[:, None] + table).max(0)
        back.append(come)
    place = (score + table[:, gap.suffix[0]]).argmax()
    found = [place]
    for come in reversed(back):
        found.append(come[found[-1]])
    return torch.stack(found[::-1])


def share(right: Sequence[bool]) -> tuple[float, float]:
    """How many are right, and one standard error."""
    p = sum(right) / len(right)
    return p, math.sqrt(p * (1 - p) / len(right))


@torch.no_grad()
def answered(
    models: Sequence[TokenTransformer],
    table: Tensor,
    gaps: Sequence[Gap],
    size: int,
    longest: int,
) -> dict[str, list[Tensor]]:
    """Name of a way -> its answer to each gap of `size` tokens."""
    masked, forward, infilling = models
    pairs, stir = byte_pairs("code"), torch.Generator().manual_seed(size)
    by = partial(unmasked, masked, gaps, pairs=pairs)
    drawn = [candidates(forward, gap, size, pairs, stir) for gap in gaps]
    bits: Callable[[Tensor], Tensor] = lambda rows: autoregressive_bits(  # noqa: E731
        forward, started(rows, pairs), 1
    )
    found = {
        "confidence": by(size, ByConfidence(size))[0],
        "order": by(size, AtRandom(1), block=1)[0],
        "once": by(size, AtRandom(1))[0],
        "greedy": [each[0] for each in drawn],
        "rescored": [
            rescored(bits, gap, each) for gap, each in zip(gaps, drawn, strict=True)
        ],
        "suffix_first": [told_the_end(infilling, g, size, pairs, False) for g in gaps],
        "suffix_stops": [told_the_end(infilling, g, size, pairs, True) for g in gaps],
        "bigrams": [by_bigrams(table, gap, size) for gap in gaps],
    }
    tried = [by(n, ByConfidence(n)) for n in range(1, longest + 1)]
    found["too_long"] = tried[size][0] if size < longest else []
    for name, power in (("sum", 0), ("mean", 1)):
        scores = torch.stack([s / n**power for n, (_, s) in enumerate(tried, 1)])
        chosen = scores.argmax(0).tolist()
        found[f"searched_{name}"] = [tried[n][0][i] for i, n in enumerate(chosen)]
    return found


def measure(seeds: Sequence[int] = (0,), quick: bool = False) -> Result:
    """Everything of 10.C.

    Keys: `sizes` in tokens and `count` of gaps of each; for each way of `answered` the
    share that is exactly right at each size, and `{way}_error`, one standard error;
    `beside_{way}`, masked by confidence less that way on the same gaps, with `_error`;
    `right_length`, the share of gaps whose length a search by the mean finds; `bits` a
    character of the models, in the order of `models`, with `bits_error`, from their
    cards, as are their `steps` of training; `bits_ratio`, masked beside left to right.
    """
    count, longest = (6, 3) if quick else (COUNT, LONGEST)
    pairs = byte_pairs("code")
    networks = [load_model(name) for name in MODELS]
    told = stream(code().split(held_out=False)[: 20 if quick else None], pairs)
    table = bigrams(told, len(pairs))
    table[:, pairs.end :] = -math.inf  # no text has a mark
    ids = stream(code().split(held_out=True), pairs)
    result: Result = {"sizes": list(SIZES), "count": count, "candidates": CANDIDATES}
    for size in SIZES:
        stir = torch.Generator().manual_seed(seeds[0])
        gaps = draw_gaps(ids, pairs, count, WINDOWS, size, stir)
        found = answered(networks, table, gaps, size, longest)  # type: ignore[arg-type]
        right = {
            way: np.array(
                [is_exact(a, g, pairs) for a, g in zip(each, gaps, strict=True)]
            )
            for way, each in found.items()
            if each
        }
        for way, hits in right.items():
            beside = right["confidence"] * 1.0 - hits
            for key, (value, error) in {
                way: share(hits.tolist()),
                f"beside_{way}": (beside.mean(), beside.std() / math.sqrt(count)),
            }.items():
                result.setdefault(key, []).append(float(value))
                result.setdefault(f"{key}_error", []).append(float(error))
        lengths = [len(each) == size for each in found["searched_mean"]]
        result.setdefault("right_length", []).append(sum(lengths) / count)
    cards = [card(name) for name in MODELS]
    kept = [each["evaluation"]["bits_a_character"] for each in cards]
    result["steps"] = [each["training"]["steps"] for each in cards]
    result["models"] = list(MODELS)
    result["bits"] = [each["mean"] for each in kept]
    result["bits_error"] = [each["error"] for each in kept]
    result["bits_ratio"] = result["bits"][0] / result["bits"][1]
    return result

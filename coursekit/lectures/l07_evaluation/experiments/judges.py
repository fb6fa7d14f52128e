"""Figure 07.F: a judge beside people. Sides and words, certainty, and help.

The judge is a small network that answers questions and writes verdicts (`judge_small`).
The people are played by the scene reader, which shares no weights with it: they say
whether a picture shows all that was asked. Five models of different strength draw the
same prompts.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy

from coursekit.datasets.teddy.prompts import prompts
from coursekit.datasets.teddy.scene_reader import read_scenes
from coursekit.evaluation.judge_calibration import (
    agreement_with_help,
    calibration_error,
    chance_of_yes,
    fit_logistic,
    log_odds,
    reliability,
)
from coursekit.evaluation.judge_pairs import LeaningJudge, both_orders, side_report
from coursekit.evaluation.judge_rubric import TOP, rubric
from coursekit.evaluation.judge_small import SmallJudge, vqa_ask
from coursekit.evaluation.judge_verdict import Judge, Pictures, judge_picture
from coursekit.evaluation.scene_alignment import scene_hits
from coursekit.experiments.summary import Result, sum_up
from coursekit.pipeline.contestants import contestant

DRAWERS = (
    *("teddy-64-meanflow@2", "teddy-64-prompts@2", "teddy-64-meanflow@4"),
    *("teddy-64-consistency@1", "teddy-64-dmd@1"),
)
PAIR = ("teddy-64-prompts@2", "teddy-64-meanflow@4")  # A, whose words are many, and B
LEANING = LeaningJudge(sharpness=1.0, left=1.0, wordy=0.7)
FACTS = ("place", "count", "fur", "hat", "glasses", "pose", "action")
HEARD = (20, 50, 100, 200)  # people's answers that calibrate
MANY, BINS, SHARES, LEAST = 100, 5, 21, 0.01  # of them, for help; of curves; a chance


class Seen(NamedTuple):
    """What the people say: (N,), how many of the FACTS a picture shows, and if all."""

    facts: Tensor
    as_asked: Tensor


def own_judge() -> Judge:
    """The judge of this lecture."""
    return SmallJudge(vqa_ask)


def people(pictures: Pictures, scenes: Sequence[Any]) -> Seen:
    """What the people say about pictures, one for each scene asked for."""
    told = zip(scenes, read_scenes(pictures), strict=True)
    rows = [scene_hits(scene, reading) for scene, reading in told]
    facts = torch.tensor([sum(row[name] for name in FACTS) for row in rows])
    return Seen(facts, torch.tensor([row["all"] > 0 for row in rows]))


def marks(judge: Judge, pictures: Pictures, asked: Sequence[str]) -> Tensor:
    """The overall marks (N,) of pictures, one for each prompt, NaN for no verdict."""
    told = zip(pictures, asked, strict=True)
    return torch.tensor([judge_picture(judge, p, rubric(t)).overall for p, t in told])


def sides(better: Tensor, seed: int, repeats: int = 200) -> Result:
    """How often A wins, by how the leaning judge is asked. better: of A, in facts.

    A's explanations are longer by one doubling on average, and never twice alike.
    """
    g = torch.Generator().manual_seed(seed)
    d = better.repeat(repeats)
    longer = 1 + torch.randn(len(d), generator=g)
    fair = LeaningJudge(LEANING.sharpness)
    left = LEANING.verdicts(d, longer, g)
    right = LEANING.verdicts(-d, -longer, g)
    side = 2.0 * (torch.rand(len(d), generator=g) < 0.5) - 1
    mixed = torch.where(side > 0, left, right)
    # who stands left, whose words are more: what is left at equal words and sides
    weights = fit_logistic(torch.stack([side, side * longer], 1), mixed > 0)
    wins = {
        "fair": fair.verdicts(d, longer, g),
        "a_left": left,
        "a_right": -right,
        "random_sides": side * mixed,
        "both_orders": both_orders(left, right),
    }
    report = side_report(left, right)
    rates = {f"{name}_wins": float(v.mean() + 1) / 2 for name, v in wins.items()}
    return {
        **rates,
        "equal_words_wins": float(weights[1].sigmoid()),
        "said_left": report["left"],
        "consistent": report["consistent"],
        "ties": float((wins["both_orders"] == 0).double().mean()),
    }


def certainty(
    said: Tensor, so: Tensor, seed: int, times: int
) -> tuple[Result, Tensor, Tensor]:
    """What people's answers are worth, as means over many draws of who is heard.

    said: the marks (N,) as chances; so: what people say. Half is never heard.
    Returns results and, for the half of the last draw, the chances before and after
    the most answers (2, N / 2), and what people say (N / 2,).
    """
    g = torch.Generator().manual_seed(seed)
    odds, half, rows, mended = log_odds(said, LEAST), len(said) // 2, [], said
    places = torch.linspace(0, half, SHARES).round().long()
    for _ in range(times):
        order = torch.randperm(len(said), generator=g)
        rest = order[half:]
        truth = so[rest]
        row: Result = {}
        row["error_before"], row["surprise_before"] = _errors(said[rest], truth)
        row["agrees_before"] = _agrees(said[rest], truth)
        row["error_after"], row["surprise_after"] = [], []
        for n in HEARD:
            weights = fit_logistic(odds[order[:n]], so[order[:n]])
            mended = chance_of_yes(weights, odds)
            error, surprise = _errors(mended[rest], truth)
            row["error_after"].append(error)
            row["surprise_after"].append(surprise)
            row |= {f"error_{n}": error, f"surprise_{n}": surprise}
            if n == MANY:
                row["agrees_after"] = _agrees(mended[rest], truth)
                for name, unsure in {"unsure": True, "anywhere": False}.items():
                    helped = agreement_with_help(mended[rest], truth, unsure)[places]
                    row[f"help_{name}"] = helped.tolist()
                    row[f"help_{name}_fifth"] = float(helped[SHARES // 5])
        # who knows the chances exactly: what is left is the luck of so few answers
        luck = torch.rand(half, generator=g) < mended[rest]
        row["error_floor"], _ = _errors(mended[rest], luck)
        row["weight"] = float(weights[1])
        rows.append(row)
    means = {
        key: torch.tensor([row[key] for row in rows]).mean(0).tolist()
        for key in rows[0]
    }
    return means, torch.stack([said.double(), mended])[:, rest], truth


def _errors(chances: Tensor, truth: Tensor) -> tuple[float, float]:
    """Calibration error, and cross-entropy in nats."""
    inner = chances.double().clamp(LEAST, 1 - LEAST)
    surprise = binary_cross_entropy(inner, truth.double())
    return calibration_error(chances, truth, BINS), float(surprise)


def _agrees(chances: Tensor, truth: Tensor) -> float:
    return float(((chances > 0.5) == truth).double().mean())


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 07.F.

    Keys: `pictures`, `heard`, `shares`, `bins`; `{protocol}_wins`, `said_left`,
    `consistent`, `ties`; `error_` and `surprise_` with `before`, `after` (over heard)
    and each number heard, `error_floor`; `agrees_before` and `_after`; over shares
    `help_unsure` and `help_anywhere`, `_fifth` where people give a fifth of the
    answers; `as_asked`, the share; all with _std. `before_said`, `before_so`,
    `after_said` and the like: reliability over all seeds, None in an empty bin.
    """
    count, times = (8, 2) if quick else (80, 50)
    judge, rows, chances, truths = own_judge(), [], [], []
    for seed in seeds[:1] if quick else seeds:
        texts, scenes = prompts(count, "test", 700_000 + seed)
        said, seen = {}, {}
        for name in DRAWERS:
            pictures = contestant(name).draw(texts, seed)
            said[name] = marks(judge, pictures, texts) / TOP
            seen[name] = people(pictures, scenes)
        so = torch.cat([each.as_asked for each in seen.values()])
        found, pairs, truth = certainty(torch.cat([*said.values()]), so, seed, times)
        better = seen[PAIR[0]].facts - seen[PAIR[1]].facts
        share = {"as_asked": float(so.double().mean())}
        rows.append(share | sides(better, seed) | found)
        chances.append(pairs)
        truths.append(truth)
    return {
        **{"pictures": count * len(DRAWERS), "heard": list(HEARD), "bins": BINS},
        "shares": [round(i / (SHARES - 1), 3) for i in range(SHARES)],
        **sum_up(rows),
        **_bins(torch.cat(chances, 1), torch.cat(truths)),
    }


def _bins(chances: Tensor, truth: Tensor) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for name, row in zip(("before", "after"), chances, strict=True):
        for key, values in reliability(row, truth, BINS).items():
            plain = [None if v != v else v for v in values.tolist()]
            found[f"{name}_{key}"] = plain
    return found

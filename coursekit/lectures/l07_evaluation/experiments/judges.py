"""Figure 07.F: a judge beside people. Sides and words, certainty, and help.

The judge is a network that writes verdicts (`judge_small`); the people are played by
the scene reader, which shares nothing with it: they say whether a picture shows all
that was asked. Five models of different strength draw the same prompts.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

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
from coursekit.evaluation.judge_small import SmallJudge, reader_ask
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
HEARD, BINS, SHARES = 50, 5, 21  # people's answers that calibrate; bins; budgets drawn


class Seen(NamedTuple):
    """What the people say: (N,), how many of the FACTS a picture shows, and if all."""

    facts: Tensor
    as_asked: Tensor


def own_judge() -> Judge:
    """The judge of this lecture."""
    return SmallJudge(reader_ask("first"))


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


def certainty(said: Tensor, so: Tensor, seed: int) -> tuple[Result, Tensor, Tensor]:
    """Before and after HEARD answers of people; and the chances and truth left."""
    order = torch.randperm(len(said), generator=torch.Generator().manual_seed(seed))
    heard, rest = order[:HEARD], order[HEARD:]
    weights = fit_logistic(log_odds(said[heard], 0.01), so[heard])
    mended, truth = chance_of_yes(weights, log_odds(said[rest], 0.01)), so[rest]
    places = torch.linspace(0, len(rest), SHARES).round().long()
    found: Result = {"weight": float(weights[1]), "bias": float(weights[0])}
    for name, chances in {"before": said[rest].double(), "after": mended}.items():
        found[f"{name}_error"] = calibration_error(chances, truth, BINS)
        found[f"{name}_agrees"] = float(((chances > 0.5) == truth).double().mean())
    for name, unsure in {"unsure": True, "anywhere": False}.items():
        helped = agreement_with_help(mended, truth, unsure)[places]
        found[f"help_{name}"] = helped.tolist()
        found[f"help_{name}_fifth"] = float(helped[SHARES // 5])
    return found, torch.stack([said[rest].double(), mended]), truth


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 07.F.

    Keys: `pictures`, `heard`, `shares`, `bins`; `{protocol}_wins`, `said_left`,
    `consistent`, `ties`; `before_` and `after_` with `error` and `agrees`; over shares
    `help_unsure` and `help_anywhere`, `_fifth` where people give a fifth of the
    answers; `as_asked`, the share; all with _std. `before_said`, `before_so` and the
    like: reliability over all seeds, None in an empty bin.
    """
    count = 15 if quick else 60
    judge, rows, chances, truths = own_judge(), [], [], []
    for seed in seeds[:1] if quick else seeds:
        texts, scenes = prompts(count, "test", 700_000 + seed)
        said, seen = {}, {}
        for name in DRAWERS:
            pictures = contestant(name).draw(texts, seed)
            said[name], seen[name] = (
                marks(judge, pictures, texts) / TOP,
                people(pictures, scenes),
            )
        so = torch.cat([each.as_asked for each in seen.values()])
        found, said_and_mended, truth = certainty(torch.cat([*said.values()]), so, seed)
        better = seen[PAIR[0]].facts - seen[PAIR[1]].facts
        rows.append(
            {"as_asked": float(so.double().mean()), **sides(better, seed), **found}
        )
        chances.append(said_and_mended)
        truths.append(truth)
    shown = _bins(torch.cat(chances, 1), torch.cat(truths))
    counts = {"pictures": count * len(DRAWERS), "heard": HEARD, "bins": BINS}
    return {
        **counts,
        "shares": [round(i / (SHARES - 1), 3) for i in range(SHARES)],
        **sum_up(rows),
        **shown,
    }


def _bins(chances: Tensor, truth: Tensor) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for name, row in zip(("before", "after"), chances, strict=True):
        for key, values in reliability(row, truth, BINS).items():
            plain = [None if v != v else v for v in values.tolist()]
            found[f"{name}_{key}"] = plain
    return found

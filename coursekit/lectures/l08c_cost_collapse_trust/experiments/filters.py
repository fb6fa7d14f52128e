"""Figure 08c.D: what three filters of prompts stop, and what they stop by mistake."""

from collections.abc import Sequence
from functools import partial

import torch

from coursekit.evaluation.prompt_filter import (
    PolicyPrompt,
    Say,
    by_list,
    by_plain_list,
    fit_scorer,
    policy_prompts,
    policy_sentences,
    stopped_table,
)
from coursekit.evaluation.two_samples import auc
from coursekit.experiments.summary import Result, columns, for_seeds, prefixed
from coursekit.trust.false_alarms import threshold_at

SENTENCES, RATE = 1500, 0.01
RATES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9)


def halves() -> tuple[list[PolicyPrompt], list[PolicyPrompt]]:
    """The hand-written prompts, every other one: to choose with, and to judge by."""
    return list(policy_prompts()[::2]), list(policy_prompts()[1::2])


def allowed(score: Say, prompts: Sequence[PolicyPrompt]) -> list[float]:
    """The scores of those that may be drawn."""
    return [score(each.prompt) for each in prompts if not each.forbidden]


def shares(score: Say, threshold: float = 0.5) -> Result:
    """What is stopped of each kind, in the half to judge by."""
    table = stopped_table(score, halves()[1], threshold)
    return {kind: rate.share for kind, rate in table.items()}


def learnt(sentences: int, seed: int) -> Result:
    """One training, with thresholds chosen on templates and on hand-written prompts."""
    score = fit_scorer(*policy_sentences(sentences, seed))
    texts, bad = policy_sentences(sentences, 100 + seed)
    new = [
        PolicyPrompt(t, "openly" if b else "harmless", "")
        for t, b in zip(texts, bad, strict=True)
    ]
    choose, judge = halves()
    of_new, of_choose = allowed(score, new), allowed(score, choose)
    high = [score(each.prompt) for each in judge if each.forbidden]
    low = allowed(score, judge)
    usual = threshold_at(of_new, RATE).value
    cuts = [threshold_at(of_choose, rate).value for rate in RATES]
    rows = [shares(score, cut) for cut in cuts]
    table = stopped_table(score, new, usual)
    return {
        "auc": auc(torch.tensor(high), torch.tensor(low)),
        "new_hits": table["forbidden"].share,
        **prefixed("templates", shares(score, usual)),
        **prefixed("chosen", columns(rows)),
    }


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 08c.D.

    Keys: `prompts`, `judged`, `judged_allowed`; `rates`; for `list` and `plain`:
    `{filter}_{kind}`, the share that is stopped of each kind, of `allowed` and of
    `forbidden`, with `_low` and `_high` of the two; for the learnt one, over seeds of
    its sentences: `templates_{kind}`, the threshold at RATE of new sentences;
    `chosen_{kind}`, lists over rates chosen on the other half of the prompts; `auc`;
    `new_hits`: of new forbidden sentences that are stopped at the same threshold.
    """
    choose, judge = halves()
    some = sum(not each.forbidden for each in judge)
    result: Result = {
        "prompts": len(choose) + len(judge),
        "judged": len(judge),
        "judged_allowed": some,
        "rates": list(RATES),
    }
    for name, score in (("list", by_list), ("plain", by_plain_list)):
        for kind, rate in stopped_table(score, judge).items():
            result |= prefixed(name, {kind: rate.share})
            ends = {f"{kind}_low": rate.low, f"{kind}_high": rate.high}
            result |= prefixed(name, ends)
    seeds = seeds[:1] if quick else seeds
    return result | for_seeds(partial(learnt, 60 if quick else SENTENCES), seeds)

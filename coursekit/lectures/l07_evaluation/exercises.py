"""How the exercises of lecture 7 are tried: fresh inputs, and a look."""

import json
import math
from typing import Any

import numpy as np
import torch

from coursekit.checks.spec import BadResult, Function, Inputs
from coursekit.checks.trial import is_stub
from coursekit.checks.tried import Results, Tries, count, generator, number, refusal
from coursekit.evaluation.judge_verdict import NoVerdict

PROBES = Tries()
tried = PROBES.tried

# --- 7.1 to 7.3: ratings --------------------------------------------------------------

# --- 7.4 to 7.6: distances ------------------------------------------------------------

# --- 7.7 to 7.9: alignment ------------------------------------------------------------

# --- 7.10 to 7.11: judges -------------------------------------------------------------


def _marks(seed: int) -> Inputs:
    rng = generator(seed)
    return {"consistency": rng.uniform(1, 10, 5), "quality": rng.uniform(1, 10, 3)}


@tried("07.60", _marks, cases=("marks",))
def overall(fn: Function, i: Any) -> Results:
    consistency, quality = i.consistency.tolist(), i.quality.tolist()
    return {
        "overall mark": number(fn(consistency, quality)),
        "overall mark, one fact missing": number(fn([*consistency, 0.0], quality)),
        "overall mark, all at 10": number(fn([10.0] * 4, [10.0])),
        "refuses a part without marks": refusal(lambda: fn([], quality)),
        "refuses the other part without marks": refusal(lambda: fn(consistency, [])),
    }


def _judged(seed: int) -> Inputs:
    return {"scores": np.round(generator(seed).uniform(1, 9, 3), 2)}


def _unread(fn: Function, text: str, names: list[str], top: float = 10.0) -> Any:
    """1 for NoVerdict, 0.5 for another error, 0 where something was read."""
    try:
        fn(text, names, top)
    except NoVerdict:
        return count(1)
    except Exception as error:
        if is_stub(error):
            raise
        return count(0.5)
    return count(0)


@tried("07.61", _judged, cases=("replies",))
def parse_verdict(fn: Function, i: Any) -> Results:
    names = ["hat", "place", "fur"]
    scores = dict(zip(names, i.scores.tolist(), strict=True))
    good = {"evidence": dict.fromkeys(names, "seen {so}"), "scores": scores}
    text = json.dumps(good)

    def read(reply: str, asked: list[str] = names) -> Any:
        found = fn(reply, asked)
        if not isinstance(found, dict) or set(found) != {"evidence", "scores"}:
            raise BadResult("return the whole verdict: evidence and scores")
        return torch.tensor([float(found["scores"][name]) for name in names])

    def with_score(value: object) -> str:
        return json.dumps(good | {"scores": scores | {"hat": value}})

    wrong = {
        "an empty reply": "",
        "a word": "INCORRECT",
        "an error message with digits": "Error 429: wait 9 s",
        "an error message in JSON": '{"error": {"code": 9}}',
        "a bare number": "9",
        "a list": f"[{text}]",
        "true": "true",
        "a reply that was cut": text[:-1],
        "a whole verdict inside a cut object": f'{{"verdict": {text}',
        "two verdicts": f"{text}\n{text}",
        "a draft object among the thoughts": f'I say {{"hat": 9}}.\n{text}',
        "words behind the verdict": f"{text}\nBut I may be wrong.",
        "a verdict in the middle of a line": f"Verdict: {text}",
        "scores before evidence": json.dumps(dict(reversed(good.items()))),
        "a third key": json.dumps(good | {"overall": 9}),
        "a score too few": json.dumps(good | {"scores": {"hat": 9}}),
        "a score too many": json.dumps(good | {"scores": scores | {"hut": 9}}),
        "evidence that is one text": json.dumps(good | {"evidence": "all seen"}),
        "scores that are one number": json.dumps(good | {"scores": 9}),
        "a score in quotes": with_score("9"),
        "a score that is true": with_score(True),
        "a score that is null": with_score(None),
        "a score of 90": with_score(90),
        "a score below 0": with_score(-1),
        "a score that is NaN": with_score(math.nan),
    }
    return {
        "scores": read(text),
        "scores after thoughts with braces": read(f"A {{red}} hat? 9 of 10 {{\n{text}"),
        "scores in a fence": read(f"```json\n{json.dumps(good, indent=2)}\n```"),
        "scores, names asked for in another order": read(text, names[::-1]),
        **{f"no verdict: {n}": _unread(fn, reply, names) for n, reply in wrong.items()},
        "no verdict: 9 on a scale to 1": _unread(fn, text, names, 1.0),
    }


NONE = 9.0  # stands for NaN among inputs


def _sides(seed: int) -> Inputs:
    rng, words = generator(seed), (1, 0, -1, NONE)
    both = np.array([(a, b) for a in words for b in words])
    rows = rng.permutation(np.concatenate([both, both[:5]]))
    straight, swapped = rows.T.astype((np.float64, np.float32)[seed % 2])
    return {"straight": straight.copy(), "swapped": swapped.copy()}


@tried("07.63", _sides, cases=("float64 verdicts", "float32 verdicts"))
def both_orders(fn: Function, i: Any) -> Results:
    none = (i.straight == NONE) | (i.swapped == NONE)
    one = torch.ones(6, dtype=i.straight.dtype)
    both = (v.masked_fill(v == NONE, math.nan) for v in (i.straight, i.swapped))
    with_none = torch.as_tensor(fn(*both))
    return {
        "who wins": fn(i.straight[~none], i.swapped[~none]) + 0.0,  # -0 is 0
        "where there is no verdict": with_none.isnan().to(one),
        "who wins, a judge who always says left": fn(one, one) + 0.0,
        "who wins, a judge who always wants A": fn(one, -one),
    }

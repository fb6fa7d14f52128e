"""From a reply to marks. Authorities: the schema, and replies that other judges' code
took for marks (a verdict found by searching; a guess where nothing was found)."""

import json
import math

import numpy as np
import pytest

from coursekit.evaluation.judge_rubric import (
    NATURAL,
    Criterion,
    instructions,
    overall,
    question,
    rubric,
)
from coursekit.evaluation.judge_verdict import (
    NoVerdict,
    judge_picture,
    judge_pictures,
    parse_verdict,
)

NAMES = ("hat", "place")
GOOD = {
    "evidence": {"hat": "a red cone", "place": "trees {dark} ones"},
    "scores": {"hat": 9, "place": 0.5},
}
TEXT = json.dumps(GOOD)


def changed(part: str, **items: object) -> str:
    return json.dumps(GOOD | {part: GOOD[part] | items})


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        f"  \n\n{TEXT}\n ",
        f"The hat {{what a hat}} looks red: 3 of 10, or 8? {{\n{TEXT}",
        f"```json\n{json.dumps(GOOD, indent=2)}\n```\n",
        json.dumps(GOOD, indent=0),
        changed("evidence", hat='{"scores": {"hat": 0, "place": 0}} } { "'),
        changed("scores", hat=9.0),
    ],
)
def test_a_verdict_is_read(text):
    assert parse_verdict(text, NAMES)["scores"] == GOOD["scores"]
    assert parse_verdict(text, NAMES[::-1])["evidence"]["hat"]


def test_both_ends_of_the_scale_are_marks():
    for top, score in ((1, 0), (1, 1), (10, 10)):
        text = changed("scores", hat=score, place=0)
        assert parse_verdict(text, NAMES, top)["scores"]["hat"] == score


NO_VERDICT = {
    "empty": "",
    "blank": " \n",
    "INCORRECT contains CORRECT": "INCORRECT",
    "a word": "yes",
    "a number": "9",
    "a text": '"9"',
    "a list": f"[{TEXT}]",
    "a list over lines": f"[\n{TEXT}\n]",
    "a list of scores": "[9, 5]",
    "true": "true",
    "null": "null",
    "an error with digits": "Error 429: 10 requests in 60 s, wait 9",
    "an error as an object": '{"error": {"code": 429, "message": "slow down"}}',
    "two objects": f"{TEXT}\n{TEXT}",
    "two objects in a line": TEXT + TEXT,
    "a draft in the thoughts": f'Say {{"hat": 3}}? No.\n{TEXT}',
    "an empty object first": f"{{}}\n{TEXT}",
    "words behind it": f"{TEXT}\nThough the hat may be blue.",
    "not on a line of its own": f"Verdict: {TEXT}",
    "cut short": TEXT[:-1],
    "cut in the scores": TEXT[:-8],
    "cut in the evidence": TEXT[:30],
    "cut, with a whole one inside": f'{{"verdict": {TEXT}',
    "wrapped": f'{{"verdict": {TEXT}}}',
    "single quotes": str(GOOD),
    "a comma too many": TEXT[:-2] + ",}}",
    "scores first": json.dumps(dict(reversed(GOOD.items()))),
    "no evidence": json.dumps({"scores": GOOD["scores"]}),
    "evidence in one text": json.dumps(GOOD | {"evidence": "fine"}),
    "one key more": json.dumps(GOOD | {"overall": 9}),
    "one score less": json.dumps(GOOD | {"scores": {"hat": 9}}),
    "one score more": changed("scores", fur=9),
    "another name": json.dumps(GOOD | {"scores": {"hat": 9, "Place": 1}}),
    "scores in a number": json.dumps(GOOD | {"scores": 9}),
    "scores in a list": json.dumps(GOOD | {"scores": [9, 1]}),
    "a score in quotes": changed("scores", hat="9"),
    "a score with its scale": changed("scores", hat="9/10"),
    "a score that is true": changed("scores", hat=True),
    "a score that is null": changed("scores", hat=None),
    "a score in a list": changed("scores", hat=[9]),
    "NaN": changed("scores", hat=math.nan),
    "infinity": changed("scores", hat=math.inf),
    "infinity in digits": TEXT.replace('"hat": 9,', '"hat": 1e999,'),
    "a number too long to read": TEXT.replace('"hat": 9,', f'"hat": {"9" * 5000},'),
    "90 of 10": changed("scores", hat=90),
    "just above": changed("scores", hat=10.001),
    "below 0": changed("scores", hat=-1),
    "a key twice": TEXT.replace('"hat": 9,', '"hat": 1, "hat": 9,'),
    "nested without end": '{"a":' * 3000,
}


@pytest.mark.parametrize("text", NO_VERDICT.values(), ids=NO_VERDICT)
def test_anything_else_is_no_verdict(text):
    with pytest.raises(NoVerdict) as why:
        parse_verdict(text, NAMES)
    assert "\n" not in str(why.value) and len(str(why.value)) > 10


def test_90_on_a_scale_to_1_is_not_cut_down():
    with pytest.raises(NoVerdict, match="hat=90 is not between 0 and 1"):
        parse_verdict(changed("scores", hat=90, place=1), NAMES, top=1)


# --- the rubric -----------------------------------------------------------------------

PROMPT = "a brown teddy bear with a red hat and sunglasses is reading in the park"


def test_a_rubric_asks_for_single_facts():
    asked = rubric(PROMPT)
    assert [c.name for c in asked if c.part == "SC"] == [
        *("place", "count", "fur", "hat", "glasses", "pose", "action")
    ]
    assert [c.question for c in asked][:4] == [
        *("is it in the park?", "is there one bear?", "is the bear brown?"),
        "does the bear wear a red hat?",
    ]
    assert asked[-1] == NATURAL
    assert question("hat", "none") != question("glasses", "none")
    for wrong in ("two bears are sitting in the park", PROMPT.replace("park", "zoo")):
        with pytest.raises(ValueError):
            rubric(wrong)


def test_instructions_show_a_shape_that_asks_for_evidence_first():
    text = instructions(rubric(PROMPT))
    shape = json.loads(text.splitlines()[-1])
    assert list(shape) == ["evidence", "scores"]
    for c in rubric(PROMPT):
        assert f"- {c.name}: {c.question}" in text and c.name in shape["scores"]


def test_overall_by_hand():
    """sqrt(min * min): not a mean, not a product, and on the scale of the marks."""
    assert overall([8, 4, 9], [9, 10]) == 6
    assert overall([10] * 6 + [0], [10]) == 0
    assert overall([10, 10], [10]) == 10
    assert overall([1], [0.25]) == 0.5
    for empty in (([], [1]), ([1], [])):
        with pytest.raises(ValueError):
            overall(*empty)


# --- counting -------------------------------------------------------------------------


class Scripted:
    """Gives prepared replies and remembers what it was asked."""

    def __init__(self, *replies: str) -> None:
        self.replies, self.asked = list(replies), []

    def answer(self, pictures, prompt):
        self.asked.append((pictures.shape, prompt))
        return self.replies.pop(0)


def reply(prompt: str, **scores: float) -> str:
    names = [c.name for c in rubric(prompt)]
    return json.dumps(
        {
            "evidence": dict.fromkeys(names, "seen"),
            "scores": dict.fromkeys(names, 9) | scores,
        }
    )


def test_no_verdict_is_counted_beside_the_mean_and_not_in_it():
    """Marks 9 and 6 (4 for the hat) and one reply that was cut: 7.5 of 2, and 1."""
    pictures = np.zeros((3, 8, 8, 3), np.uint8)
    judge = Scripted(reply(PROMPT), reply(PROMPT)[:-1], reply(PROMPT, hat=4))
    assert judge_pictures(judge, pictures, [PROMPT] * 3) == {
        **{"overall": pytest.approx(7.5), "pictures": 3, "no_verdict": 1}
    }
    assert {shape for shape, _ in judge.asked} == {(1, 8, 8, 3)}
    nobody = judge_pictures(Scripted("", ""), pictures[:2], [PROMPT] * 2)
    assert math.isnan(nobody["overall"]) and nobody["no_verdict"] == 2


def test_why_there_is_no_verdict_is_kept():
    criteria = (Criterion("hat", "SC", "?"), NATURAL)
    found = judge_picture(Scripted("9"), np.zeros((8, 8, 3), np.uint8), criteria)
    assert found.scores == {} and math.isnan(found.overall)
    assert found.why_not == "0 JSON objects where one was asked for"

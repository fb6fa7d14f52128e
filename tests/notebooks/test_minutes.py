"""Stated times add up, in each notebook, in the map of notebook 00 and in the README.

Authority: the minutes at each exercise and question of the notebook sources.
"""

import re

import pytest

from coursekit.sources.lectures import ROOT, lectures

START, *COURSE = lectures()
HOURS = {
    "three": 3.0,
    "three and a half": 3.5,
    "four": 4.0,
    "four and a half": 4.5,
    "five": 5.0,
    "five and a half": 5.5,
}
RANGE = re.compile(r"lecture, ([a-z ]+) to ([a-z ]+) hours each")
STATED = re.compile(
    r"\*\*Time:\*\* about ([a-z ]+) hours: (\d+) minutes of exercises, (\d+) of "
    "questions, the rest to read and to play"
)


def minutes(text: str, kind: str) -> int:
    """The sum over all exercises, or questions."""
    found = re.findall(rf"^```{{{kind}}} .* minutes=(\d+)", text, re.MULTILINE)
    return sum(map(int, found))


def hours(text: str) -> float:
    """How long a notebook says that it takes."""
    return HOURS[STATED.findall(text)[0][0]]


@pytest.mark.parametrize("source", COURSE, ids=lambda source: source.name)
def test_a_notebook_states_what_stands_at_its_exercises(source):
    text = source.text()
    ((_, exercises, questions),) = STATED.findall(text)
    assert int(exercises) == minutes(text, "exercise") > 60
    assert int(questions) == minutes(text, "question") > 30
    rest = 60 * hours(text) - int(exercises) - int(questions)
    assert 45 <= rest <= 75, "4,000 to 7,000 words, and widgets to play with"


def test_the_map_and_the_readme_say_the_same():
    told = re.findall(
        r"^\| \[(\d\d[a-z]?) .*\| ([\d.]+) h \|$", START.text(), re.MULTILINE
    )
    stated = {source.name.split("_")[0]: hours(source.text()) for source in COURSE}
    assert {name: float(each) for name, each in told} == stated
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    ((low, high),) = RANGE.findall(readme)
    assert (HOURS[low], HOURS[high]) == (min(stated.values()), max(stated.values()))
    start = START.text()
    assert minutes(start, "exercise") + minutes(start, "question") < 10
    assert "10 min" in start and "(ten minutes)" in readme

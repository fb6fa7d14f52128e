"""Figures that the README quotes. Authority: data/measured."""

import re
from pathlib import Path

from coursekit.experiments.measure import load_measured

README = Path(__file__).parents[2] / "README.md"


def test_the_share_of_sentences_that_are_drawn_right():
    text = " ".join(README.read_text(encoding="utf-8").split())
    found = re.search(r"in (\d+) of 100 pictures; .* in (\d+) of 100 real ones", text)
    assert found is not None
    stored = load_measured("04.P")
    drawn, real = stored["both_3_all"], stored["real_both_all"]
    assert [int(found[1]), int(found[2])] == [round(100 * drawn), round(100 * real)]

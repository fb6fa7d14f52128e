"""Figures that the README quotes. Authority: data/measured."""

import re

from support.process import ROOT

from coursekit.experiments.measure import load_measured


def test_the_share_of_sentences_that_are_drawn_right():
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    found = re.search(r"in (\d+) of 100 pictures; .* in (\d+) of 100 real ones", text)
    assert found is not None
    stored = load_measured("04.P")
    drawn, real = stored["both_3_all"], stored["real_both_all"]
    assert [int(found[1]), int(found[2])] == [round(100 * drawn), round(100 * real)]

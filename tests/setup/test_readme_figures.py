"""Figures that the README quotes. Authority: the card of the model that draws, and
what was measured."""

import re
import runpy

from support.process import ROOT

from coursekit.experiments.measure import load_measured
from coursekit.pipeline.contestants import contestants
from coursekit.pipeline.sample_command import DEFAULT, MODELS
from coursekit.training.pretrained import card


def test_the_share_of_sentences_that_are_drawn_right():
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    found = re.search(r"in (\d+) of 100 pictures; .* in (\d+) of 100 real ones", text)
    assert found is not None
    info = card(MODELS[DEFAULT])
    one, scale = info["evaluation"]["one_bear"], f"scale_{info['scale']:g}"
    shares = [
        sum(one[f"{key}_{split}"]["all"] for split in ("test", "heldout")) / 2
        for key in (scale, "real")
    ]
    assert [int(found[1]), int(found[2])] == [round(100 * share) for share in shares]


def test_the_table_of_cards_is_figure_k():
    """And nobody who ships is missing."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    made = runpy.run_path(str(ROOT / "docs" / "readme_cards.py"))["cards_table"]()
    assert f"\n\n{made}\n\n" in text, "run python docs/readme_cards.py"
    head, _, *rows = ([*map(str.strip, line.split("|"))] for line in made.split("\n"))
    shown = {row[1]: dict(zip(head, row, strict=True)) for row in rows}
    assert set(shown) == {*contestants(), "real pictures"}
    for name, found in load_measured("07.K")["cards"].items():
        for task, share in found["tasks"].items():
            assert shown[name][task] == f"{100 * share:.0f}"

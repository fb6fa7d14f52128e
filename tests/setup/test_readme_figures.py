"""Figures that the README quotes. Authority: the card of the model that draws."""

import re

from support.process import ROOT

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

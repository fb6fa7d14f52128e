"""What notebook 04 asks, and what it says of CLIP. Authority: the notebook's own cells,
and the network that ships.
"""

import ast
import re
from collections import Counter

import pytest
import torch
from support.process import ROOT

from coursekit.datasets.images import to_model
from coursekit.datasets.teddy.sample import teddies
from coursekit.datasets.tokens import teddy_tokenizer
from coursekit.training.pretrained import load_model

TEXT = next((ROOT / "coursekit/lectures/l04_latent_space").glob("04_*.md")).read_text(
    encoding="utf-8"
)
CELLS = [part.partition("\n")[2] for part in TEXT.split("```python ")[1:]]


def calls(name):
    """prediction id -> the constants of its call of widgets.NAME."""
    found = {}
    for cell in CELLS:
        for call in ast.walk(ast.parse(cell.partition("```")[0])):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == name:
                first, *others = [ast.literal_eval(each) for each in call.args]
                found[first] = others
    return found


ASKED, TOLD = calls("widgets.predict"), calls("widgets.outcome")


@pytest.mark.parametrize("name", ASKED)
def test_what_comes_out_is_one_of_the_options(name):
    _, options = ASKED[name]
    assert TOLD[name][0] in options and len(set(options)) == len(options) > 2


def test_neither_length_nor_place_gives_the_answer_away():
    assert set(ASKED) == set(TOLD)
    right = {name: TOLD[name][0] for name in ASKED}
    longest = [max(ASKED[name][1], key=len) == right[name] for name in ASKED]
    places = Counter(ASKED[name][1].index(right[name]) for name in ASKED)
    assert sum(longest) <= 0.25 * len(ASKED)
    assert len(places) >= 3 and max(places.values()) <= 0.5 * len(ASKED)


EXERCISES = dict(re.findall(r"```\{exercise\} (04\.\d+) \S+:(\w+)", TEXT))


@pytest.mark.parametrize("name", EXERCISES)
def test_what_is_written_is_used_by_a_later_cell(name):
    later = TEXT.partition(f"```{{exercise}} {name} ")[2].split("```python ")[1:]
    called = re.compile(rf"\b{EXERCISES[name]}\(")
    assert any(called.search(cell.partition("```")[0]) for cell in later)


def test_a_hat_without_a_colour_and_no_hat_are_one_to_clip():
    pictures, scenes = teddies(6, 32, seed=42)
    told = [f"a bear with {some} hat" for some in ("a", "no")]
    clip, ids = load_model("teddy-clip"), teddy_tokenizer().encode(told, 16)
    with torch.no_grad():
        cosines = clip.encode_image(to_model(pictures)) @ clip.encode_text(ids).T
    bare = torch.tensor([scene.bears[0].hat == "none" for scene in scenes])
    for column in cosines.T:
        ranked = bare[column.argsort(descending=True)].tolist()
        assert ranked == [True, True, True, False, False, True]

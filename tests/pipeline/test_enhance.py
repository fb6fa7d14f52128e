"""Short wishes, expanded. Authorities: the captions' own parser, which reads back what
is said; the reader of wishes; the training scenes; programs written by hand."""

import numpy as np
import pytest
import torch

from coursekit.datasets.teddy.captions import parse_caption
from coursekit.datasets.teddy.program_tokens import program_tokens
from coursekit.datasets.teddy.prompts import prompts
from coursekit.datasets.teddy.scene import VOCABULARY
from coursekit.datasets.tokens import teddy_tokenizer
from coursekit.evaluation.token_sampling import Written
from coursekit.models.token_transformer import TokenConfig, TokenTransformer
from coursekit.pipeline import enhance as module
from coursekit.pipeline.boxes import PipelineError
from coursekit.pipeline.catalogue import NotTrained
from coursekit.pipeline.enhance import (
    WAYS,
    attributes_of,
    enhance,
    plain,
    retrieved,
    scene_with,
    short,
    written,
)
from coursekit.pipeline.loose_phrases import NotUnderstood, attributes, spoken
from coursekit.pipeline.loose_prompts import UNSAID, understand
from coursekit.pipeline.retrieval import named, training_pool
from coursekit.training import pretrained


def told(count: int, split: str = "test"):
    """Any part, also none or all, of what there is to say of scenes."""
    rng = np.random.default_rng(0)
    for scene in prompts(count, split, 21)[1]:
        full = attributes_of(scene)
        names = rng.permutation(list(full))[: rng.integers(len(full) + 1)]
        yield {str(name): full[name] for name in names}


def pool() -> list[dict[str, str]]:
    return [named(row) for row in training_pool()]


def read_back(caption: str) -> dict[str, str]:
    facts = parse_caption(caption)
    ((count, words),) = facts.clauses
    assert count == 1 and not facts.mirror
    return words._asdict() | {"place": facts.place}


@pytest.mark.parametrize(
    ("way", "count"), [("plain", 300), ("retrieval", 300), ("model", 3)]
)
@pytest.mark.parametrize("split", ["test", "heldout"])
def test_what_was_said_survives_word_for_word(way, count, split):
    for seed, said in enumerate(told(count, split)):
        sentence = ", ".join(spoken(*item) for item in said.items()) or "a bear"
        found = enhance(sentence, seed, way)
        full = read_back(found.prompt)
        assert said.items() <= full.items(), (sentence, found.prompt)
        assert full == attributes_of(found.scene) and "\n" not in found.note
        teddy_tokenizer().encode([found.prompt], 28)
        for name, word in full.items():
            if name not in said:
                assert spoken(name, word) in found.note


def test_plain_is_what_is_always_done():
    for seed, said in enumerate(told(60)):
        sentence = ", ".join(spoken(*item) for item in said.items()) or "a bear"
        assert plain(said, seed) == attributes_of(understand(sentence, seed).scene)
    wish = "two bears in the snow, one with glasses"
    assert enhance(wish, 4, most=3) == understand(wish, 4, most=3)


def test_a_short_sentence_says_what_was_said_and_nothing_else():
    for said in told(200):
        loud = {n: w for n, w in said.items() if n == "action" or UNSAID.get(n) != w}
        assert attributes(short(said)) == loud, short(said)
        teddy_tokenizer().encode([short(said)], 28)
    assert short({"action": "reading"}) == "a teddy bear is reading"


def test_retrieval_takes_over_a_training_scene_that_agrees():
    every = pool()
    agreed = 0
    for seed, said in enumerate(told(60)):
        found = retrieved(said, seed)
        agree = [each for each in every if said.items() <= each.items()]
        assert not agree or found in agree
        agreed += bool(agree)
    assert agreed > 45
    for name, options in VOCABULARY.items():
        drawn = {retrieved({"fur": "brown"}, seed)[name] for seed in range(200)}
        assert drawn == ({"brown"} if name == "fur" else set(options))


def test_where_no_training_scene_agrees_one_that_nearly_does_lends_the_rest():
    said = {"fur": "white", "hat": "red", "action": "dancing", "place": "snow"}
    rest = set(VOCABULARY) - set(said)
    nearly = [
        each for each in pool() if sum(each[n] != w for n, w in said.items()) == 1
    ]
    for seed in range(30):
        found = retrieved(said, seed)
        assert said.items() <= found.items()
        assert any(all(each[n] == found[n] for n in rest) for each in nearly)


def by_hand(monkeypatch, *programs: str) -> None:
    """Let the writer write these, whatever it is asked for."""
    ids = program_tokens().write(programs)
    monkeypatch.setattr(
        module, "write_left_to_right", lambda *rest: Written(ids, 1, [1])
    )


def test_of_what_the_model_writes_the_first_right_program_that_agrees(monkeypatch):
    by_hand(
        monkeypatch,
        "place(place( bear(fur=reading)",  # does not run
        "place(snow) drift(0.1) bear(fur=blue, y=0.95)",  # sits
        "place(snow) drift(0.1) bear(fur=pink, action=reading, y=0.5)",  # impossible
        "place(beach) drift(0.1) bear(action=reading, y=0.95)",
        "place(snow) drift(0.1) bear(fur=blue, action=reading, y=0.95)",
    )
    found = written({"action": "reading"}, 0)
    assert found == {**UNSAID, "fur": "brown", "action": "reading", "place": "beach"}


def test_it_gives_up_in_one_line(monkeypatch):
    by_hand(monkeypatch, "place(snow) drift(0.1) bear(fur=blue, y=0.95)")
    with pytest.raises(NotUnderstood, match=r"'a teddy bear is dancing'.*--enhance"):
        enhance("a dancing bear", 0, "model")
    torch.manual_seed(0)
    monkeypatch.undo()
    fresh = TokenTransformer(TokenConfig(295, 76, width=16, depth=1, heads=2)).eval()
    with pytest.raises(NotUnderstood, match="32 programs"):
        written({}, 0, fresh)


def test_errors(monkeypatch, tmp_path):
    with pytest.raises(PipelineError, match="use one of plain, retrieval, model"):
        enhance("a bear", 0, "magic")
    with pytest.raises(NotUnderstood, match="--enhance retrieval takes one bear"):
        enhance("two bears", 0, "retrieval", 3)
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path)
    with pytest.raises(NotTrained, match="programs-left-to-right is not trained"):
        enhance("a bear", 0, "model")


@pytest.mark.parametrize("way", WAYS)
def test_the_seed_decides(way):
    said = {"action": "reading"}
    found = [WAYS[way](said, seed) for seed in (0, 1, 0)]
    assert found[0] == found[2] != found[1]
    assert all(attributes_of(scene_with(each)) == each for each in found)

"""How people ask, and what is understood.

Authorities: the grammar of the captions (every rewritten prompt parses back to the same
facts), and a table of sentences with what they mean, written by hand.
"""

import numpy as np
import pytest

from coursekit.datasets import emoji
from coursekit.datasets.emoji_splits import split_of_pairs
from coursekit.datasets.teddy.captions import facts, parse_caption
from coursekit.datasets.teddy.prompts import prompts
from coursekit.datasets.teddy.scene import FURS, GLASSES, HATS, PLACES
from coursekit.datasets.tokens import emoji_tokenizer, teddy_tokenizer
from coursekit.pipeline import emoji_prompts
from coursekit.pipeline.emoji_prompts import understand_emoji
from coursekit.pipeline.loose_phrases import NotUnderstood
from coursekit.pipeline.loose_prompts import instead, understand

# sentence -> fur, hat, glasses, pose, action, place; "-" is what nobody need say (none,
# and arms down), "?" is chosen by the seed
MEANT = {
    "a brown teddy bear with a red hat, reading in the park": (
        "brown red - - reading park"
    ),
    "Teddy, blue, sunglasses, snow": "blue - sun - - snow",
    "bear with its left arm up dancing on the beach": "? - - left-up dancing beach",
    "a red hat on a pink bear": "pink red - - - ?",
    "a pink bear wearing a hat that is blue": "pink blue - - - ?",
    "brown bear reading a book with both arms up, indoors": (
        "brown - - both-up reading room"
    ),
    "the bear is purple and its hat is yellow": "purple yellow - - - ?",
    "a bear with no hat and round glasses": "? - round - - ?",
    "a teddy with a blue hat and black sunglasses": "? blue sun - - ?",
    "hands in the air, brown bear": "brown - - both-up - ?",
    "reading bear, no glasses, red hat": "? red - - reading ?",
    "brown bear, hat red, park": "brown red - - - park",
    "a bear in a red hat": "? red - - - ?",
    "A GREEN BEAR": "green - - - - ?",
    "white bear without a hat wearing glasses in the forest": (
        "white - round - - forest"
    ),
    "yellow bear with a yellow hat raising its right paw at night": (
        "yellow yellow - right-up - city"
    ),
    "please draw me a cute fluffy black bear in the woods": "black - - - - forest",
    "dancing, in a city, two arms up, dark glasses, white": (
        "white - sun both-up dancing city"
    ),
    "bear": "? - - - - ?",
}
UNSAID = ("?", "none", "none", "both-down", "none", "?")


@pytest.mark.parametrize("text", MEANT)
def test_the_table(text):
    found = understand(text, seed=3)
    bear = found.scene.bears[0]
    seen = (bear.fur, bear.hat, bear.glasses, bear.pose, bear.action, found.scene.place)
    for word, told, unsaid in zip(seen, MEANT[text].split(), UNSAID, strict=True):
        wanted = unsaid if told == "-" else told
        if wanted == "?":  # what was chosen is told
            assert "chosen by seed 3" in found.note
        else:
            assert word == wanted, (seen, text)
    assert facts(found.scene) == parse_caption(found.prompt)
    assert "\n" not in found.note
    teddy_tokenizer().encode([found.prompt], 28)


def test_sentences_of_the_grammar_stay_as_they_are():
    for split in ("test", "heldout"):
        for text, scene in zip(*prompts(100, split, 11), strict=True):
            found = understand(text)
            assert found.prompt == text and found.note == "taken as it is"
            assert facts(found.scene) == facts(scene)


def test_words_in_any_order_mean_the_same():
    """Phrases of random scenes, shuffled: the same attributes come out."""
    rng = np.random.default_rng(0)
    arms = {"both-down": "arms down", "both-up": "both arms up"}
    eyes = {"none": "no glasses", "round": "round glasses", "sun": "sunglasses"}
    for _, scene in zip(range(150), prompts(150, "test", 5)[1], strict=True):
        bear = scene.bears[0]
        phrases = [
            f"{bear.fur} bear",
            "no hat" if bear.hat == "none" else f"a {bear.hat} hat",
            eyes[bear.glasses],
            arms.get(bear.pose, bear.pose.replace("-", " arm ")),
            "sitting" if bear.action == "none" else bear.action,
            scene.place,
        ]
        rng.shuffle(phrases)
        text = ", ".join(phrases)
        assert facts(understand(text).scene) == facts(scene), text


def test_the_seed_chooses_and_only_what_is_not_said():
    found = [understand("a red hat", seed).scene for seed in range(60)]
    assert {s.bears[0].fur for s in found} == set(FURS)
    assert {s.place for s in found} == set(PLACES)
    assert {s.bears[0].hat for s in found} == {"red"}
    assert understand("a bear", 7) == understand("a bear", 7)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty prompt"),
        ("two bears in the park", "draws one bear"),
        ("bears", "draws one bear"),
        ("a bear with a green hat", "no hat is green: red, blue, yellow are"),
        ("a bear with a hat", r"which hat .*\? red, blue, yellow"),
        ("an orange bear", "no fur is orange: brown"),
        ("a bear with pink glasses", "no glasses are pink"),
        ("a bear playing guitar", "unknown word 'playing' .* leave it out"),
        ("a bear in the forrest", "did you mean forest"),
        ("a tiny bear", "unknown word 'tiny'"),
        ("a dark brown bear", "what is dark in"),
        ("a brown and white bear", "brown fur and white fur .* name one"),
        ("a bear in the park and on the beach", "name one"),
        ("a bear in the forest at night", "in the city at night .* name one"),
        ("a bear with arms", "up or down"),
        ("a bear in front of a mirror", "mirrors are not"),
        ("a bear without a book", "only hat and glasses can be"),
        ("a [V] bear", "unknown word 'v'"),
        ("a brown bear 🐻 in space", "unknown word"),
    ],
)
def test_what_is_not_understood_is_one_line(text, message):
    with pytest.raises(NotUnderstood, match=message) as error:
        understand(text)
    assert "\n" not in str(error.value)


def test_no_word_is_dropped_in_silence():
    """Every word of the grammar is understood; a word of no world is refused."""
    for word in ("helicopter", "small", "huge", "blue-eyed", "crown", "2"):
        with pytest.raises(NotUnderstood):
            understand(f"a brown bear {word} in the park")
    for hat in HATS[1:]:
        assert understand(f"bear, {hat} hat").scene.bears[0].hat == hat
    for kind in GLASSES[1:]:
        words = {"round": "round glasses", "sun": "dark glasses"}[kind]
        assert understand(f"bear, {words}").scene.bears[0].glasses == kind


def test_a_negative_prompt_is_the_same_sentence_but_for_one_thing():
    scene = understand("a brown bear in the park").scene
    away = instead(scene, "red hat")
    told, other = parse_caption(away), facts(scene)
    assert told.place == other.place
    assert told.clauses[0][1] == other.clauses[0][1]._replace(hat="red")
    assert "beach" in instead(scene, "the beach")
    with pytest.raises(NotUnderstood, match="what the prompt asks for"):
        instead(scene, "brown bear")


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("tomato in noto style", ("tomato", "noto")),
        ("noto-v1 tomato", ("tomato", "noto-v1")),
        ("a tomato, twemoji", ("tomato", "twemoji")),
        ("Fluent style: grinning face", ("grinning face", "fluent")),
    ],
)
def test_emoji_by_name_and_style_in_any_order(text, pair):
    found = understand_emoji(text)
    assert found.prompt == emoji.caption(*pair)
    assert emoji.parse_caption(found.prompt) == pair
    assert found.split == split_of_pairs()[pair]


def test_every_emoji_is_understood():
    for (name, style), split in split_of_pairs().items():
        found = understand_emoji(f"{style} {name}")
        assert (found.prompt, found.split) == (emoji.caption(name, style), split)


def test_a_style_that_is_not_said_is_chosen_and_told():
    found = [understand_emoji("tomato", seed) for seed in range(40)]
    styles = {emoji.parse_caption(each.prompt)[1] for each in found}
    assert styles == set(emoji.STYLES)
    assert all("style chosen by seed" in each.note for each in found)


def test_emoji_that_do_not_exist():
    known = understand_emoji("red tomato in noto style")
    assert known.split == "new" and "drawn from its words" in known.note
    emoji_tokenizer().encode([known.prompt], 13)
    for text, message in (
        ("tomatoe in fluent style", r"'tomatoe' .*did you mean tomato"),
        ("noto", "no emoji named"),
        ("xylophonist", "unknown word"),
    ):
        with pytest.raises(NotUnderstood, match=message):
            understand_emoji(text)


def test_a_negative_emoji_is_the_same_pair_but_for_one_thing():
    away = emoji_prompts.instead("tomato in noto style", "twemoji")
    assert away == "tomato in twemoji style"
    assert emoji_prompts.instead(away, "red apple") == "red apple in twemoji style"
    with pytest.raises(NotUnderstood, match="asks for"):
        emoji_prompts.instead(away, "tomato")

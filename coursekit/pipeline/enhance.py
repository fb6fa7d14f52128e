"""Expand a short wish for a bear into a full caption: prompt enhancement.

    a teddy bear is reading
    -> a pink bear with a blue hat is reading with its left arm up on the beach

A picture model has learnt from full captions, and a short one leaves most of the
picture to it. Large services let a language model fill it in (microsoft/Promptist,
2022: "language models serve as a prompt interface"). Here are three ways, each a
function of what was said and a seed. What was said stays, word for word: each of them
may only add.
"""

from collections.abc import Callable

import numpy as np
import torch

from coursekit.datasets.teddy.captions import WHERE, caption
from coursekit.datasets.teddy.program_tokens import (
    CANVAS,
    PROMPT,
    is_right,
    program_tokens,
)
from coursekit.datasets.teddy.scene import FURS, PLACES, Bear, Scene
from coursekit.datasets.tokens import END
from coursekit.evaluation.token_sampling import write_left_to_right
from coursekit.evaluation.written_programs import scene_of
from coursekit.models.token_transformer import TokenTransformer
from coursekit.pipeline.boxes import PipelineError
from coursekit.pipeline.catalogue import NotTrained, is_there
from coursekit.pipeline.loose_phrases import ORDER, NotUnderstood, attributes, spoken
from coursekit.pipeline.loose_prompts import (
    DICE,
    UNSAID,
    Understood,
    fill,
    understand,
)
from coursekit.pipeline.retrieval import (
    Attributes,
    attributes_of,
    coded,
    completions,
    named,
    training_pool,
)
from coursekit.training.pretrained import load_model

WRITER = "programs-left-to-right"
AT_ONCE, ROUNDS = 8, 4  # programs that are written together, and how often


def enhance(text: str, seed: int = 0, way: str = "plain", most: int = 1) -> Understood:
    """A wish in the words of the captions, with what nobody said filled in.

    way: one of WAYS. "plain" is `understand`, several bears included (most: how many
    the model draws); the others take one bear, and whatever a sentence does not
    mention counts as unsaid. Raises NotUnderstood as `understand` does, and where the
    language model gives up; NotTrained where it is not there; PipelineError for
    another way.
    """
    if way not in WAYS:
        raise PipelineError(f"--enhance {way}: use one of {', '.join(WAYS)}")
    if way == "plain":
        return understand(text, seed, most)
    said = attributes(text, f"--enhance {way} takes one bear")
    full = WAYS[way](said, seed)
    told = ", ".join(spoken(*item) for item in said.items()) or "only a bear"
    added = [spoken(name, full[name]) for name in ORDER if name not in said]
    more = f"added by {way}, seed {seed}: {', '.join(added)}" if added else "no more"
    scene = scene_with(full)
    return Understood(caption(scene), f"understood {told}; {more}", scene)


def plain(said: Attributes, seed: int) -> Attributes:
    """As `understand`: what is unsaid is absent, fur and place are thrown by dice."""
    found = dict(said)
    fill(found, np.random.default_rng([seed, DICE]))
    return UNSAID | found


def retrieved(said: Attributes, seed: int) -> Attributes:
    """The unsaid as in a training scene in which all is as it was said.

    Scenes with fewer extras are not nearer: the barest would be "plain" once more. So
    all that agree are alike, and the seed takes one. Where none agrees (a pair of fur
    and hat that no training saw) it is one of those that agree in most, and what was
    said still holds.
    """
    rows = completions(coded(said), training_pool())
    pick = int(np.random.default_rng([seed, DICE]).choice(len(rows)))
    return named(rows[pick])


def written(
    said: Attributes, seed: int, model: TokenTransformer | None = None
) -> Attributes:
    """The unsaid as in a scene program that a small language model writes.

    It reads the short sentence where it has learnt from full captions. Programs that
    are not right by themselves, or do not say what was said, are thrown away; after
    AT_ONCE * ROUNDS of them it gives up (NotUnderstood). model: another one than the
    one that ships. NotTrained: that one is not there.
    """
    model, tokens = model or shipped_writer(), program_tokens()
    prompt = tokens.encode([short(said)] * AT_ONCE, PROMPT)
    stir = torch.Generator().manual_seed(seed)
    for _ in range(ROUNDS):
        ids = write_left_to_right(model, prompt, CANVAS, 1.0, stir, END).ids
        for text in tokens.read(ids):
            scene = scene_of(text)
            if scene is None or not is_right(text, scene):
                continue
            found = attributes_of(scene)
            if said.items() <= found.items():
                return found
    raise NotUnderstood(
        f"{WRITER} wrote {AT_ONCE * ROUNDS} programs after {short(said)!r}, and none "
        "that runs and says so: take another seed, or --enhance retrieval"
    )


WAYS: dict[str, Callable[[Attributes, int], Attributes]] = {
    "plain": plain,
    "retrieval": retrieved,
    "model": written,
}


def shipped_writer() -> TokenTransformer:
    """The language model that ships. Raises NotTrained where it is not there."""
    if not is_there(WRITER):
        raise NotTrained(WRITER)
    model = load_model(WRITER)
    assert isinstance(model, TokenTransformer)
    return model


def short(said: Attributes) -> str:
    """A caption that leaves out what was not said: "a teddy bear is reading".

    Captions have no words for no hat, no glasses and arms down, nor has this.
    """
    full = {"fur": FURS[0], "place": PLACES[0], **UNSAID, **said}
    text = caption(scene_with(full))
    phrases = {"fur": f" {full['fur']}", "action": " is sitting"}
    phrases["place"] = f" {WHERE[full['place']]}"
    for name, phrase in phrases.items():
        if name not in said:
            text = text.replace(phrase, "", 1)
    return text


def scene_with(full: Attributes) -> Scene:
    """A scene of one bear with all these attributes; size and light mean nothing."""
    bear = {name: word for name, word in full.items() if name != "place"}
    return Scene(full["place"], (Bear(**bear),))  # type: ignore[arg-type]

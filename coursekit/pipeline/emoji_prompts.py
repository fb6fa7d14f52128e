"""Understand how people ask for an emoji: a name and a style, in any order.

noto v1 tomato      tomato, fluent style      a tomato in twemoji style
"""

from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np

from coursekit.datasets import emoji
from coursekit.datasets.emoji_splits import split_of_pairs
from coursekit.datasets.teddy.captions import tokenize
from coursekit.datasets.tokens import emoji_tokenizer
from coursekit.pipeline.loose_phrases import NotUnderstood

ARTICLES = ("a", "an", "the")
SEEN = {
    "train": "this picture was in the training set",
    "pairs": "held out: the model knows the name and the style, but not together",
    "names": "held out: the model has never seen this name",
}


@dataclass(frozen=True)
class UnderstoodEmoji:
    """A prompt in the captions' grammar, and how it came about."""

    prompt: str
    note: str  # one line for people
    split: str  # "train", "pairs", "names", or "new" where no such picture exists


def understand_emoji(text: str, seed: int = 0) -> UnderstoodEmoji:
    """Name and style of what a person asks for, in the words of the captions.

    A style that is not said is chosen by the seed. A name that no emoji has is drawn
    all the same if its words are known. Raises NotUnderstood, in one line, for unknown
    words, with the names that come close.
    """
    words = [word for word in tokenize(text.replace("-", " ")) if word != ","]
    style, words = _style(words)
    notes = []
    if not style:
        style = str(np.random.default_rng([seed, 0xE303]).choice(emoji.STYLES))
        notes.append(f"style chosen by seed {seed}: {style}")
    name = " ".join(words)
    if name not in emoji.names() and words and words[0] in ARTICLES:
        name = " ".join(words[1:])
    if not name:
        raise NotUnderstood(f"no emoji named in {text!r}: try 'red apple, noto style'")
    split = split_of_pairs().get((name, style), "new")
    if name not in emoji.names():
        _only_known(name, text)
        notes.append(f"no emoji is called {name!r}: drawn from its words")
    elif split == "new":
        notes.append(f"there is no {name} in {style} style to compare with")
    else:
        notes.append(SEEN[split])
    prompt = emoji.caption(name, style)
    return UnderstoodEmoji(prompt, "; ".join([f"understood {prompt!r}", *notes]), split)


def instead(prompt: str, text: str) -> str:
    """The prompt with the name or the style that `text` names in place of its own.

    Raises NotUnderstood for unknown words, and where nothing would differ.
    """
    own_style, own_words = _style(tokenize(prompt))
    style, words = _style([w for w in tokenize(text.replace("-", " ")) if w != ","])
    name = " ".join(words or own_words)
    _only_known(name, text)
    other = emoji.caption(name, style or own_style)
    if other == prompt:
        raise NotUnderstood(f"{text!r} is what the prompt asks for: name another thing")
    return other


def _style(words: list[str]) -> tuple[str, list[str]]:
    """The style that is named, "" if none, and the words without it."""
    for style in sorted(emoji.STYLES, key=len, reverse=True):  # "noto v1" before "noto"
        parts = style.split("-")
        for i in range(len(words) - len(parts) + 1):
            if words[i : i + len(parts)] != parts:
                continue
            before, after = words[:i], words[i + len(parts) :]
            while before and before[-1] in (*ARTICLES, "in"):
                before = before[:-1]
            if after and after[0] == "style":
                after = after[1:]
            return style, before + after
    return "", words


def _only_known(name: str, text: str) -> None:
    """NotUnderstood where a word of the name is unknown to the model."""
    known = emoji_tokenizer().ids
    for word in name.split():
        if word not in known:
            near = get_close_matches(name, emoji.names(), 3, 0.6)
            near += [each for each in emoji.names() if word in each.split()]
            near += get_close_matches(word, known, 2, 0.75)
            few = list(dict.fromkeys(near))[:3]
            advice = f"did you mean {' or '.join(few)}?" if few else "leave it out"
            raise NotUnderstood(f"unknown word {word!r} in {text!r}: {advice}")

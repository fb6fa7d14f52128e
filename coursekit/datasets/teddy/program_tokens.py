"""Scene programs as tokens: whole words and whole numbers, after the caption they obey.

A row is [caption ... | program <end> <end> ...]. The caption is a prompt of fixed
length; the program fills a canvas, and the rest of the canvas repeats the end token.
Which program follows a caption is chance of a known law, so its information is known
exactly: `program_bits`. A language model can be compared with it to the bit.
"""

import math
import re
from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor

from coursekit.datasets.teddy.captions import caption, facts, vocabulary
from coursekit.datasets.teddy.programs import execute, program
from coursekit.datasets.teddy.sample import scenes
from coursekit.datasets.teddy.scene import (
    ACTIONS,
    GLASSES,
    PLACES,
    POSES,
    Bear,
    Scene,
    lowest_feet,
)
from coursekit.datasets.tokens import END, TEDDY_LENGTH, Tokenizer

PROMPT, CANVAS = TEDDY_LENGTH["solo"], 48  # tokens of a caption, and of a program
# A number, a name that opens a call, a name before its value, a word, or a mark.
_TOKEN = re.compile(r"-?\d+\.\d+|[a-z]+\(|[a-z]+=|[a-z]+(?:-[a-z]+)?|[),]")
_CALLS = ("place(", "light(", "drift(", "bear(")
_KEYS = ("brightness", "warmth", *("fur", "hat", "glasses", "pose", "action"))
# How many values each free number of a solo scene has (scene.random_scene); of `y` it
# depends on the bear's size.
_CHOICES = {"brightness": 29, "warmth": 201, "drift": 100, "x": 29, "scale": 29}


class ProgramTokens(Tokenizer):
    """Ids of captions and programs: one vocabulary, so a word said is a word written.

    The first ids are those of `MARKS`; <end> also ends a program.
    """

    def __init__(self) -> None:
        """All words, keys and numbers that a solo scene can need."""
        super().__init__(vocabulary())
        words = {*PLACES, *POSES, *ACTIONS, *GLASSES} - {"none"}
        keys = {f"{key}=" for key in (*_KEYS, "x", "y", "scale")}
        numbers = {f"{i / 100}" for i in range(-100, 113)}
        more = {*_CALLS, *keys, ")", ",", *words, *numbers} - set(self.words)
        self.words = (*self.words, *sorted(more))
        self.ids = {word: i for i, word in enumerate(self.words)}

    def write(self, programs: Sequence[str], length: int = CANVAS) -> Tensor:
        """Programs as ids (B, length), filled up with <end>.

        Raises ValueError, in one line, for text that no program has, or too much of it.
        """
        rows = torch.full((len(programs), length), END)
        for row, text in zip(rows, programs, strict=True):
            words = _TOKEN.findall(text)
            if "".join(words) != text.replace(" ", ""):
                raise ValueError(f"not the text of a scene program: {text!r}")
            if len(words) >= length:
                raise ValueError(f"{len(words)} tokens and <end>, {length} at most")
            row[: len(words)] = torch.tensor([self._id(w, text) for w in words])
        return rows

    def read(self, ids: Tensor) -> list[str]:
        """The text of each row (B, L) up to its first <end>, spaced as `program` does.

        An id beyond the words, such as that of a mask, shows as <?>.
        """
        texts = []
        for row in ids.tolist():
            row = row[: row.index(END)] if END in row else row
            text = ""
            for i in row:
                word = self.words[i] if i < len(self.words) else "<?>"
                tight = not text or text[-1] in "(=" or word in (")", ",")
                text += word if tight else f" {word}"
            texts.append(text)
        return texts


@lru_cache(maxsize=1)
def program_tokens() -> ProgramTokens:
    """The one vocabulary of captions and programs."""
    return ProgramTokens()


def program_rows(
    count: int, seed: int = 0, split: str = "train"
) -> tuple[Tensor, list[Scene]]:
    """`count` random scenes of one bear as rows (count, PROMPT + CANVAS), int64.

    Captions come in all wordings. The scenes are fixed by seed and split.
    """
    import numpy as np

    stream = scenes(seed, split)
    chosen = [next(stream) for _ in range(count)]
    rng = np.random.Generator(np.random.PCG64([seed, 10]))
    tokens = program_tokens()
    prompts = tokens.encode([caption(scene, rng) for scene in chosen], PROMPT)
    written = tokens.write([program(scene) for scene in chosen])
    return torch.cat([prompts, written], dim=1), chosen


def program_bits(scene: Scene) -> float:
    """-log2 of the chance of this program given its caption, in bits; solo scenes.

    All that the caption leaves open is uniform: light, drift, place and size of the
    bear. 32.3 bits on average.
    """
    feet = 97 - lowest_feet(scene.bears[0].scale) + 1
    return math.fsum(math.log2(n) for n in (*_CHOICES.values(), feet))


def is_right(text: str, wanted: Scene) -> bool:
    """Whether a program is one that the caption of `wanted` can have.

    It runs, says what the caption says, is written as `program` writes it, and each of
    its numbers is possible.
    """
    try:
        scene = execute(text)
    except ValueError:
        return False
    if facts(scene) != facts(wanted) or program(scene) != text:
        return False
    return possible(scene)


def possible(scene: Scene) -> bool:
    """Whether `random_scene` can draw the numbers of this scene of one bear."""
    if len(scene.bears) != 1 or scene.mirror:
        return False
    bear: Bear = scene.bears[0]
    ranges = (
        (scene.brightness, 84, 112),
        (scene.warmth, -100, 100),
        (scene.drift, 0, 99),
        (bear.x, 36, 64),
        (bear.scale, 46, 74),
        (bear.y, lowest_feet(bear.scale), 97),
    )
    return all(low <= round(100 * value) <= high for value, low, high in ranges)


def layout(scene: Scene) -> str:
    """Which of the numbers a program leaves out because they are the default's.

    "all" where none is left out, else the names: "y", "light", "x scale", ...
    """
    bear, usual = scene.bears[0], Bear()
    left = [key for key in ("x", "y", "scale") if _same(bear, usual, key)]
    left += ["light"] if (scene.brightness, scene.warmth) == (1.0, 0.0) else []
    return " ".join(left) or "all"


def _same(bear: Bear, usual: Bear, key: str) -> bool:
    return bool(getattr(bear, key) == getattr(usual, key))


def up_to_end(rows: Tensor) -> Tensor:
    """(B, L) bool: the places of a program, up to its first <end>, it included."""
    ends = rows[:, PROMPT:] == END
    before = ends.long().cumsum(1) - ends.long() == 0
    prompt = torch.zeros_like(rows[:, :PROMPT], dtype=torch.bool)
    return torch.cat([prompt, before], dim=1)

"""Pairs of pictures, drawn before anybody asks for them."""

import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from itertools import count
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coursekit.arena.store import ArenaError
from coursekit.datasets.teddy.prompts import prompts
from coursekit.pipeline.contestants import contestant, contestants
from coursekit.pipeline.loose_prompts import Understood, understand
from coursekit.pipeline.picture_file import png
from coursekit.pipeline.pipeline import Pipeline

Images = NDArray[np.uint8]
Draw = Callable[[list[str], int], Images]
SIDE = 256  # pixels of every picture on the page, whatever the model's own size
AHEAD = 4  # pairs that wait for a person
PATIENCE = 120.0  # seconds for a pair


class Pair(NamedTuple):
    """Two pictures of one prompt from one seed, and who drew them."""

    prompt: str
    note: str  # one line for people
    seed: int
    left: str
    right: str
    pictures: tuple[bytes, bytes]  # PNG files that say nothing about themselves


class Painter:
    """Draws pairs, ahead of time once started; who meets whom, and where, is chance.

    players: name -> what draws prompts from a seed, of which one works at a time;
    sentences: prompts without an end; reads: what a person types, as the players need
    it (raises ValueError).
    """

    def __init__(
        self,
        players: Mapping[str, Draw],
        sentences: Iterator[str],
        reads: Callable[[str, int], Understood],
        seed: int | None = None,
    ) -> None:
        """seed: None for another course of events each time."""
        self._players, self._sentences, self._reads = players, sentences, reads
        self._rng = np.random.default_rng(seed)
        self._ready: queue.Queue[Pair | Exception] = queue.Queue(AHEAD)
        self._brush, self._first = threading.Lock(), threading.Lock()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def start(self) -> None:
        """Draw ahead until `close`; without it, pairs are drawn on demand."""
        self._thread.start()

    @property
    def names(self) -> list[str]:
        """Who plays."""
        return list(self._players)

    def next(self) -> Pair:
        """A pair for a prompt of ours. Raises what went wrong while it was drawn."""
        if not self._thread.is_alive():
            return self._ours()
        try:
            found = self._ready.get(timeout=PATIENCE)
        except queue.Empty:
            raise ArenaError("drawing takes too long: try again") from None
        if isinstance(found, Exception):
            raise found
        return found

    def asked(self, text: str) -> Pair:
        """A pair for what a person typed. Raises ValueError when it says nothing."""
        with self._first, self._brush:
            seed = int(self._rng.integers(2**31))
            told = self._reads(text, seed)
            return self._drawn(told.prompt, told.note, seed)

    def close(self) -> None:
        """Stop after the picture that is being drawn."""
        self._closing.set()
        while self._thread.is_alive():
            while not self._ready.empty():  # it may be waiting for room
                self._ready.get_nowait()
            self._thread.join(0.05)

    def _work(self) -> None:
        while not self._closing.is_set():
            found: Pair | Exception
            with self._first:
                pass  # a person who waits goes first
            try:
                found = self._ours()
            except Exception as error:  # told to the one who asks for a pair
                found = error
            self._ready.put(found)

    def _ours(self) -> Pair:
        with self._brush:
            seed = int(self._rng.integers(2**31))
            return self._drawn(next(self._sentences), "", seed)

    def _drawn(self, prompt: str, note: str, seed: int) -> Pair:
        left, right = map(str, self._rng.permutation(list(self._players))[:2])
        drawn = [framed(self._players[n]([prompt], seed)[0]) for n in (left, right)]
        return Pair(prompt, note, seed, left, right, (drawn[0], drawn[1]))


def framed(image: Images) -> bytes:
    """A picture (H, W, 3) as PNG of SIDE pixels, without a word about itself.

    Whole pixels are repeated: nothing is smoothed.
    """
    times = SIDE // len(image)
    return png(image.repeat(times, 0).repeat(times, 1), {})


def painter(names: Sequence[str], seed: int | None = None) -> Painter:
    """The painter with contestants of ours, all of them if no names are given.

    Prompts are sentences with fur and hat that no training saw together: about one bear
    if a model of small pictures plays, else about one to three. Raises ArenaError for
    fewer than two names, PipelineError for a name that draws no bears.
    """
    names = list(names) or contestants()
    if len(names) < 2 or len(set(names)) < len(names):
        raise ArenaError("name two or more different models, with commas between them")
    load = cache(contestant)
    small = any(load(name).boxes.world == "teddy" for name in names)
    kind = "solo" if small else "group"
    start = int(np.random.default_rng(seed).integers(2**31))
    return Painter(
        {name: partial(_draw, load, name) for name in names},
        (text for i in count(start) for text in prompts(20, "heldout", i, kind)[0]),
        partial(understand, most=1 if small else 3),
        seed,
    )


def _draw(
    load: Callable[[str], Pipeline], name: str, asked: list[str], seed: int
) -> Images:
    return load(name).draw(asked, seed)

"""Byte-pair encoding (Sennrich, Haddow and Birch 2016, Algorithm 1), over bytes.

Start from the 256 bytes. Join the pair of neighbours that is seen most often to one new
token, and repeat. Pairs are counted in pieces, words with the space before them, and
each different piece is looked at once, however often the text repeats it. Over bytes
and not characters (Radford et al. 2019), every text has tokens and comes back exactly.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor

from coursekit.files import write_atomic

Pair = tuple[int, int]

# A word, a digit, a run of signs, each with the space before it; or the white space up
# to a line's first word. Each character falls into exactly one piece.
PIECE = re.compile(r" ?[^\W\d]+| ?\d| ?[^\w\s]+|\s*\n *|\s+(?!\S)|\s")
SPECIAL = ("<end>", "<prefix>", "<suffix>", "<middle>")


class BytePairs:
    """Text to ids and back: 256 bytes, then the merges, then the four of `SPECIAL`.

    No text has a special id: "<end>" as a text is the ids of its five characters.
    """

    def __init__(self, merges: Iterable[Pair], source: str = "") -> None:
        """merges: pairs of ids in the order learnt; source: what they were learnt from.

        Raises ValueError for a pair of ids that do not yet exist, or a repeated pair.
        """
        self.merges = tuple((int(a), int(b)) for a, b in merges)
        self.source = source
        self.content = [bytes([i]) for i in range(256)]  # of each id, as UTF-8
        for a, b in self.merges:
            if not (0 <= a < len(self.content) and 0 <= b < len(self.content)):
                raise ValueError(f"merge {(a, b)} joins ids that come later")
            self.content.append(self.content[a] + self.content[b])
        self.ranks = {pair: 256 + i for i, pair in enumerate(self.merges)}
        if len(self.ranks) < len(self.merges):
            raise ValueError("a pair is merged twice")
        first = len(self) - len(SPECIAL)
        self.end, self.prefix, self.suffix, self.middle = range(first, len(self))
        self._known: dict[str, list[int]] = {}

    def __len__(self) -> int:
        """How many ids there are, the special ones included."""
        return 256 + len(self.merges) + len(SPECIAL)

    @property
    def characters(self) -> Tensor:
        """How many characters begin in each id, (V,) int64; 0 for the special ones.

        Over the ids of a text they add up to the length of the text.
        """
        begin = [sum(b >> 6 != 0b10 for b in token) for token in self.content]
        return torch.tensor(begin + [0] * len(SPECIAL))

    def encode(self, text: str) -> Tensor:
        """The ids of a text, int64 (L,); in each piece, early merges come first.

        Raises ValueError for a lone half of a UTF-16 pair, which is no character.
        """
        ids: list[int] = []
        for piece in PIECE.findall(text):
            known = self._known.get(piece)
            if known is None:
                known = self._known[piece] = self._join(list(piece.encode()))
            ids += known
        return torch.tensor(ids, dtype=torch.int64)

    def decode(self, ids: Tensor) -> str:
        """The text of ids (L,); exactly what was encoded.

        To look at samples: special ids are shown by name, an id beyond them (a mask) as
        <?>, and bytes that are no character as U+FFFD.
        """
        content = [*self.content, *(name.encode() for name in SPECIAL)]
        shown = (content[i] if i < len(self) else b"<?>" for i in ids.tolist())
        return b"".join(shown).decode(errors="replace")

    def save(self, path: Path) -> None:
        """Write the merges, and what they were learnt from, as JSON."""
        rows = [" ".join(map(str, pair)) for pair in self.merges]
        saved = {"source": self.source, "merges": rows}
        write_atomic(path, json.dumps(saved, indent=0) + "\n")

    @classmethod
    def load(cls, path: Path) -> "BytePairs":
        """Read what `save` wrote."""
        saved = json.loads(path.read_text(encoding="utf-8"))
        pairs = (row.split() for row in saved["merges"])
        return cls(((int(a), int(b)) for a, b in pairs), saved["source"])

    def _join(self, ids: list[int]) -> list[int]:
        while len(ids) > 1:
            new, pair = min((self.ranks.get(p, len(self)), p) for p in pairwise(ids))
            if new == len(self):
                break
            ids = merge(ids, pair, new)
        return ids


def merge(ids: Sequence[int], pair: Pair, new: int) -> list[int]:
    """`ids` with each `pair` of neighbours, from the left, replaced by `new`."""
    joined: list[int] = []
    i = 0
    while i < len(ids):
        found = i + 1 < len(ids) and (ids[i], ids[i + 1]) == pair
        joined.append(new if found else ids[i])
        i += 2 if found else 1
    return joined


def learn(texts: Iterable[str], merges: int, source: str = "") -> BytePairs:
    """Learn `merges` byte pairs, or fewer if no pair is left that is seen twice.

    Of pairs seen equally often, the one with the smallest ids comes first: the same
    texts in any order give the same merges.
    """
    seen = Counter(piece for text in texts for piece in PIECE.findall(text))
    pieces = [(list(piece.encode()), count) for piece, count in seen.items()]
    counts: Counter[Pair] = Counter()
    where: defaultdict[Pair, set[int]] = defaultdict(set)  # pieces that hold a pair
    for place, (ids, count) in enumerate(pieces):
        for pair in pairwise(ids):
            counts[pair] += count
            where[pair].add(place)
    learnt: list[Pair] = []
    while len(learnt) < merges and (top := max(counts.values(), default=0)) > 1:
        best = min(pair for pair, count in counts.items() if count == top)
        for place in where.pop(best):
            ids, count = pieces[place]
            joined = merge(ids, best, 256 + len(learnt))
            for pair in pairwise(ids):
                counts[pair] -= count
            for pair in pairwise(joined):
                counts[pair] += count
                where[pair].add(place)
            pieces[place] = (joined, count)
        learnt.append(best)
        counts = +counts if len(learnt) % 100 == 0 else counts  # forget what is gone
    return BytePairs(learnt, source)

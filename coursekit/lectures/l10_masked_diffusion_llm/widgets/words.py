"""Words in lines, each in a box of its own colour with a note below it."""

from collections.abc import Sequence
from dataclasses import dataclass

from coursekit.plots import theme
from coursekit.plots.draw import Area, Mark, Sheet, Text, box

WIDE, LINE, SIZE, PAD = 640, 36, 12.0, 3


@dataclass(frozen=True)
class Word:
    """One word; strength: of its box, 0 for none."""

    text: str
    note: str = ""
    tone: str = "blue"
    strength: float = 0.0


def word_sheet(words: Sequence[Word], label: str, title: str = "") -> Sheet:
    """The words from left to right, in as many lines as they need, below a title."""
    # a title that is too long for the sheet is written smaller
    long = theme.font(SIZE, bold=True).getlength(title)
    size = min(SIZE, SIZE * (WIDE - 2 * PAD) / max(long, 1.0))
    marks: list[Mark] = [Text(PAD, 14, title, size=size, bold=True)] if title else []
    x, y = 0.0, 26 if title else 4
    font, small = theme.font(SIZE), theme.font(8)
    for word in words:
        room = max(font.getlength(word.text), small.getlength(word.note)) + 2 * PAD
        if x + room > WIDE:
            x, y = 0.0, y + LINE
        if word.strength > 0:
            place = box(x, y, x + room, y + 17)
            marks.append(Area(place, word.tone, 0.08 + 0.35 * min(word.strength, 1.0)))
        marks.append(Text(x + PAD, y + 13, word.text, size=SIZE))
        if word.note:
            marks.append(Text(x + PAD, y + 26, word.note, word.tone, 8))
        x += room + 3
    return Sheet(tuple(marks), WIDE, y + LINE, label)

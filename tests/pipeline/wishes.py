"""Lists of wishes with what they mean, written by hand."""

from pathlib import Path


def wishes(name: str) -> list[tuple[str, str]]:
    """(sentence, what must be shown, or "refuse") of a list in this folder."""
    rows = Path(__file__).with_name(name).read_text("utf-8").splitlines()
    split = [row.rpartition("|") for row in rows if not row.startswith("#")]
    return [(text.strip(), meant.strip()) for text, bar, meant in split if bar]

"""The README's table of cards, from what was measured: `python docs/readme_cards.py`.

It puts figure 07.K in the place of the table whose head begins with `HEAD`.
"""

import re
from pathlib import Path

import coursekit
from coursekit.evaluation.benchmark import TASKS
from coursekit.experiments.measure import load_measured
from coursekit.lectures.l07_evaluation.figures import cards

README = Path(coursekit.__file__).resolve().parents[1] / "README.md"
HEAD = "| drawn by |"
SHOWN = {**{task: task for task in TASKS}, "score": "mean (95 %)", "seconds": "seconds"}


def cards_table() -> str:
    """The cards as lines of Markdown, in per cent."""
    found = cards(load_measured("07.K"))
    lines = [[HEAD.strip("| "), *SHOWN.values()], ["---", *["--:"] * len(SHOWN)]]
    for name, cells in found.rows.items():
        row = dict(zip(found.columns, cells, strict=True))
        lines.append([name, *(row[column] or "-" for column in SHOWN)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    text = README.read_text(encoding="utf-8")
    old = re.compile(rf"^{re.escape(HEAD)}.*\n(?:\|.*\n)*", re.MULTILINE)
    README.write_text(old.sub(lambda _: cards_table() + "\n", text), encoding="utf-8")

"""What the reader sees around an exercise: headers, hints, the first cells."""

import json
import re
from collections.abc import Mapping

from coursekit.checks.spec import Question
from coursekit.sources.parser import Fence

_MAX_ID = 64  # nbformat's limit on a cell id


def slug(text: str) -> str:
    """A heading or symbol as part of a cell id: lower case, digits, hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "untitled"


def shorten(cell_id: str) -> str:
    """The id within nbformat's 64 characters, cut at a word."""
    if len(cell_id) <= _MAX_ID:
        return cell_id
    return cell_id[:_MAX_ID].rpartition("-")[0]


def dashed(exercise_id: str) -> str:
    """`01.4` as it stands in a cell id: `01-4`."""
    return exercise_id.replace(".", "-")


def banner(source: str, solved: bool) -> str:
    """The first cell: where this notebook comes from."""
    kind = "All exercises are solved here. " if solved else ""
    return (
        f"<small>{kind}Made by `coursekit weave` from `{source}`: "
        "to change the text, edit that file.</small>"
    )


def setup(name: str, version: str) -> str:
    """The first code cell: one clear line where the environment does not work."""
    return f'''\
import os

if "COLAB_RELEASE_TAG" in os.environ:  # torch is there, the course is not yet
    import subprocess
    import sys

    pip = [sys.executable, "-m", "pip", "install", "coursekit=={version}"]
    subprocess.run(pip, capture_output=True)
try:
    from coursekit import notebook
except ModuleNotFoundError:
    raise SystemExit(
        "This kernel has no coursekit. Start JupyterLab with `make lab`, "
        "or run `pip install -e .` in the course folder and restart the kernel."
    ) from None

notebook.start("{name}", version="{version}")

from coursekit.checks.cells import check, check_answer, hint, reveal'''


def number(text: str) -> int | float:
    """A count of minutes or points. ValueError if it is neither or negative."""
    value = float(text)
    if not 0 <= value < 1000:
        raise ValueError(text)
    return int(value) if value.is_integer() else value


def header(title: str, exercise_id: str, facts: Mapping[str, int | float]) -> str:
    """The header of an exercise or question: id, title, minutes, difficulty, points."""
    parts = [f"{facts['minutes']} min"] if "minutes" in facts else []
    if "difficulty" in facts:
        full = int(facts["difficulty"])
        parts.append(f"difficulty {'●' * full}{'○' * (5 - full)}")
    if "points" in facts:
        plural = "" if facts["points"] == 1 else "s"
        parts.append(f"{facts['points']} point{plural}")
    return f"#### Exercise {exercise_id} · {title}\n\n{' · '.join(parts)}"


def hint(fence: Fence, exercise_id: str, count: int) -> str:
    """A folded hint. The blank lines let Markdown and LaTeX work inside."""
    return (
        f"<details>\n<summary>Hint {count} for {exercise_id}</summary>\n\n"
        f"{fence.body}\n\n</details>"
    )


def question(asked: Question) -> str:
    """The text of a pen-and-paper question, with its options where it has some."""
    listed = "\n".join(f"- **{n}** {text}" for n, text in asked.options.items())
    return f"{asked.text}\n\n{listed}".rstrip()


def answer_cell(asked: Question, solved: bool) -> str:
    """The cell that holds an answer; solved, it holds the right one."""
    first = f"# exercise {asked.id}\n{answer_name(asked.id)} = "
    if solved:
        return first + json.dumps(asked.answer, ensure_ascii=False)
    if asked.options:
        what = "one of " + ", ".join(f'"{letter}"' for letter in asked.options)
    else:
        what = f"a formula in quotes, made of {', '.join(asked.names)}"
    return f"{first}None  # {what}"


def answer_name(exercise_id: str) -> str:
    """The variable of an answer: `answer_01_14`."""
    return "answer_" + exercise_id.replace(".", "_")

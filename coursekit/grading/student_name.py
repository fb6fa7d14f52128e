"""Whose submission a file is, told from where it lies.

The rule: the file's name, less what learning platforms put around it and less the name
of the course's notebook, if that leaves something; else the nearest folder (or archive)
above it whose name is not a word such as "submissions" or "week 3". So

    alice.ipynb, 01_diffusion_alice.ipynb, alice/01_diffusion.ipynb,
    alice/notebooks/01_diffusion (1).ipynb, alice.zip: 01_diffusion.ipynb

are all Alice's. Where nothing is left, the outermost name is taken as it is.
"""

import re
import unicodedata
from collections.abc import Collection, Sequence

from coursekit.grading.official import available

LONGEST = 80

_PLATFORMS = (
    re.compile(r"(.+?)_\d+_assignsubmission_.*", re.DOTALL),  # Moodle
    re.compile(r"(.+?)(?:_LATE)?_\d{2,}_\d{3,}_.*", re.DOTALL),  # Canvas
    re.compile(r".*_([^_]+)_attempt_\d{4}(?:-\d\d){5}.*", re.DOTALL),  # Blackboard
)
_SUFFIX = re.compile(r"(?:\.(?:ipynb|zip|md|txt|json|html?|py|pdf|docx?))+$", re.I)
_COPY = re.compile(
    r"^(?:copy of|kopie von|copie de|copia de)\s+|[\s_-]+copy\d*$|-checkpoint$"
    r"|\s*\(\d+\)$",
    re.I,
)
_WORDS = frozenset(
    "answer answers assignment assignments class classroom code copy course coursekit "
    "cme diffusion done download downloads exercise exercises export file files final "
    "finished grading home homework hw ipynb lab lecture main master moodle my new "
    "notebook notebooks project school solution solutions source src student students "
    "submission submissions submitted tmp untitled upload uploads week work".split()
)
_MAY_STAND_BEHIND = " \t_-–.,;:()[]"


def of(parts: Sequence[str], inside: bool = True) -> str:
    """The student of a file. parts: folders and file name below what was collected.

    inside: the file lies in a folder or archive that was collected; else the parts
    before the last are only the way to it.
    """
    for part in reversed(parts):
        name = _told(part)
        if name:
            return name
    whole = parts[0] if inside and parts else parts[-1] if parts else ""
    return clean(_SUFFIX.sub("", whole)) or "unnamed"


def _told(part: str) -> str:
    """What one file or folder name says about the student; "" for nothing."""
    text = _SUFFIX.sub("", clean(part))
    for platform in _PLATFORMS:
        found = platform.fullmatch(text)
        if found:
            return found[1].strip(_MAY_STAND_BEHIND)
    before = ""
    while before != text:
        before = text
        text = _COPY.sub("", text)
        for notebook in available():
            text = re.sub(re.escape(notebook), " ", text, flags=re.I)
        text = text.strip(_MAY_STAND_BEHIND)
    if re.search(r"\d{5}", text):  # a matriculation or submission number
        return text
    words = re.split(r"[\W_\d]+", text.lower())
    return "" if all(word in _WORDS or not word for word in words) else text


def clean(text: str) -> str:
    """One line of visible characters: file names can hold anything."""
    text = unicodedata.normalize("NFC", text[:1000])
    kept = (" " if c.isspace() else c for c in text)
    shown = (c for c in kept if not unicodedata.category(c).startswith("C"))
    return " ".join("".join(shown).split())[:LONGEST].strip()


def unique(name: str, taken: Collection[str]) -> str:
    """The name itself, or with a number behind it; letter case does not count.

    taken: folded names.
    """
    number, result = 1, name
    while fold(result) in taken:
        number += 1
        result = f"{name} ({number})"
    return result


def fold(name: str) -> str:
    """The form in which two names are compared."""
    return unicodedata.normalize("NFKC", name).casefold()

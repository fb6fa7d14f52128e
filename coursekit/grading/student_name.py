"""Whose submissions a class's files are, told from all their names together.

A platform's pattern comes first. Else it is the outermost folder or archive whose name
says something, unless such folders hold a class each; else the file's own name, less
that of the course's notebook. So

    alice.ipynb, 01_diffusion_alice.ipynb, alice/01_diffusion_final_v2.ipynb,
    week 3/alice/notebooks/01_diffusion (1).ipynb, alice.zip: 01_diffusion.ipynb

are all Alice's. Where nothing tells, the folder that was collected gives the name.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from itertools import takewhile

from coursekit.grading.official import available
from coursekit.grading.platform_name import NOBODY, Whose, told
from coursekit.grading.report_clean import bare_words, plain

_SUFFIX = re.compile(
    r"(?:\.(?:ipynb|nbconvert|zip|[qr]?md|txt|json|html?|py|pdf|docx?|odt|rtf|rar|7z"
    r"|tar|t?gz))+$",
    re.I,
)
_COPY = re.compile(r"\b(?:copy of|kopie von|copie de|copia d[ei])\s+", re.I)
_DAY = r"(?:19|20)\d\d[-_.]?(?:0\d|1[0-2])[-_.]?(?:[0-2]\d|3[01])"
_DATE = re.compile(
    rf"(?<!\d){_DAY}(?:[ T_-]*\d\d[-_:.h]?\d\d(?:[-_:.]?\d\d)?Z?)?(?![^\W_])"
    r"|(?<!\d)\d{1,2}[-_.]\d{1,2}[-_.](?:20)?\d\d(?!\d)"
)
_COUNTED = re.compile(  # "group 3" is a name; "submission 2" is not
    r"(?:(?:anon\w*|candidate|gr(?:ou|u)pp?e?|participant|person|student|team|user)"
    r"[\W_]*(?:\d+|[a-z])|submission[\W_]*\d{3,}|(?<![^\W_])[gpst][\W_]*\d+)$",
    re.I,
)
_WORDS = frozenset(
    "abgabe abgaben answer answers archive assignment assignments attachment "
    "attachments attempt backup bearbeitet benchmarks blatt changed checkpoint "
    "checkpoints class classroom cme code comments completed conftest copia copie copy "
    "corrected correction course coursekit current data demo devoir diffusion docs "
    "docx done download downloads draft drive edit edited entrega entwurf ex exercise "
    "exercises export feedback fertig fig figs figures file files final finale "
    "finalfinal finished fixed full grades grading groups handin handout helper "
    "helpers home homework hw images img index ipynb kopie lab labs late latest "
    "lecture lectures lesson license loesung lösung main master meine mine mod "
    "modified moodle my nb nbconvert neu new notebook notebooks notes old online "
    "output outputs part parte partie pictures playground plot plots project ps pset "
    "readme rendu repo report requirements resubmission result results rev revised "
    "revision school scratch scripts second session setup sheet solution solutions "
    "solved source src student students submission submissions submit submitted tarea "
    "task teil temp test tests text timestamp tmp trial try tutorial tutorials uebung "
    "unit untitled update updated upload uploads utils v ver version versions versuch "
    "week wip woche work working zip übung".split()
)
_EDGES = " \t_-–.,;:()[]+&"


def owners(
    files: Sequence[Sequence[str]],
    books: Sequence[bool],
    above: Sequence[str],
    known: Mapping[tuple[str, ...], Whose],
) -> list[Whose]:
    """Whose each file is. files: folders and file name, below the folders `above`.

    books: which of them are notebooks; only these can show that a folder holds a class.
    known: what Gradescope's list says of folders.
    """
    made = _by_platform(files, books, above, known)
    chains = [[part for part in parts[:-1] if label(part)] for parts in files]
    rest = [n for n, whose in enumerate(made) if whose is NOBODY]
    drop = _containers([(*chains[n], files[n][-1]) for n in rest if books[n]])
    collected = next((name for part in reversed(above) if (name := label(part))), "")
    collected = collected or plain(_SUFFIX.sub("", "".join(above[-1:]))) or "unnamed"
    for n in rest:
        last, chain = files[n][-1], chains[n]
        if chain and (len(chain) > drop or not label(last)):
            made[n] = Whose(chain[min(drop, len(chain) - 1)], by="folder")
        elif _said(last):
            made[n] = Whose(last, by="file")
        else:
            made[n] = Whose(collected)
    for by in ("folder", "file"):
        alike = [n for n in rest if made[n].by == by]
        names = _names({made[n].name for n in alike if books[n]})
        for n in alike:
            part = made[n].name
            made[n] = Whose(names.get(part) or _said(part), by=by)
    return _one_number(made, files)


def _by_platform(
    files: Sequence[Sequence[str]],
    books: Sequence[bool],
    above: Sequence[str],
    known: Mapping[tuple[str, ...], Whose],
) -> list[Whose]:
    """What a platform tells of each file; NOBODY for a name in a student's own folder.

    There it is a guise: a few such names in one folder, and others beside it.
    """
    made, folders = [], []
    for parts in files:
        whose, place = told((*above, *parts), known)
        around = parts[: max(place - len(above), 0)]
        folders.append(next((name for part in around if (name := label(part))), ""))
        made.append(whose)
    others = sum(b and whose is NOBODY for b, whose in zip(books, made, strict=True))
    inside: dict[str, set[str]] = {}
    for folder, whose in zip(folders, made, strict=True):
        inside.setdefault(folder, set()).add(whose.name)
    return [
        NOBODY if folder and len(inside[folder]) <= others else whose
        for folder, whose in zip(folders, made, strict=True)
    ]


def _names(parts: set[str]) -> dict[str, str]:
    """The names that folders or files of one kind give."""
    bare = {part: _bare(part).strip(_EDGES) for part in parts}
    words = {
        part: re.fullmatch(r"(.*?([^\W\d_]+))[\s_-]+\d+", bare[part]) for part in parts
    }
    ends = Counter(bare_words(m[1]) for m in words.values() if m and not _noise(m[2]))
    for word, count in ends.most_common(1):
        if count > 3 and 2 * count > len(parts):  # a class that is numbered: "pupil 7"
            same = [p for p, m in words.items() if m and bare_words(m[1]) == word]
            return {part: bare[part] for part in same}
    names = {part: _said(part) for part in parts}
    short = _shorter(set(names.values()))
    return {part: short[name] for part, name in names.items()}


@lru_cache(maxsize=10_000)
def label(part: str) -> str:
    """What one file or folder name says about a student; "" for nothing."""
    text = _bare(part)
    counted = _COUNTED.search(text)
    if counted and not _strip(text[: counted.start()]):
        return counted[0]
    if re.fullmatch(r"\d{5,}", number := text.strip(_EDGES)):
        return number
    said = [_strip(each) for each in re.split(r"\s+-\s+", _DATE.sub(" ", text))]
    return plain(" - ".join(each for each in said if each))


def _strip(text: str) -> str:
    """The text less the words at its ends that many would write there."""
    tokens = list(re.finditer(r"[^\W_]+", text))
    strong = [n for n, token in enumerate(tokens) if not _noise(token[0])]
    if not any(len(tokens[n][0]) > 1 or not tokens[n][0].isascii() for n in strong):
        return ""
    start = tokens[strong[0] - 1].end() if strong[0] > 0 else 0
    last = strong[-1] + 1
    end = tokens[last].start() if last < len(tokens) else len(text)
    return text[start:end].strip(_EDGES)


def _noise(token: str) -> bool:
    found = re.fullmatch(r"(\D*)\d{0,4}", token.casefold())
    return found is not None and (not found[1] or found[1] in _words())


@cache
def _words() -> frozenset[str]:
    return _WORDS.union(*(re.findall(r"[a-z]{5,}", name) for name in available()))


@cache
def _our_names() -> re.Pattern[str]:
    """The names of the course's notebooks, however their words are joined."""
    names = (r"[\W_]*".join(name.split("_")) for name in available())
    return re.compile("|".join(sorted(names, key=len, reverse=True)) or "(?!)", re.I)


def _bare(part: str) -> str:
    """A name without its suffix, "Copy of" and the name of a notebook."""
    text = _COPY.sub("", _SUFFIX.sub("", plain(part)))
    return plain(_our_names().sub(" ", text))


def _said(part: str) -> str:
    """What a name says, or a number if that is all that tells it from others."""
    text = _bare(part).strip(_EDGES)
    whole = text.isdigit() and not _our_names().search(part)
    return label(part) or (text if whole or re.search(r"\d{5}", text) else "")


def _containers(ways: Sequence[Sequence[str]]) -> int:
    """How many levels of folders hold a class each, as those of tutors do.

    At such a level most folders hold several names, and together more names than there
    are folders; a student's folder holds the notebook under its own name, or a few
    tries whose names others use too.
    """
    drop = 0
    while True:
        held: dict[str, Counter[str]] = {}
        flat: set[str] = set()
        for way in ways:
            if len(way) > drop + 1:
                folder, inner = bare_words(way[drop]), label(way[drop + 1])
                inner = "" if _DATE.fullmatch(inner) else bare_words(inner)
                held.setdefault(folder, Counter())[inner] += 1
                flat |= {folder} if len(way) == drop + 2 else set()
        full = 0
        for folder, names in held.items():  # two files may be tries, three are people
            least = 2 if len(held) > 1 and folder not in flat else 3
            full += len(names.keys() - {""}) >= max(least, 3 * names[""] + 1)
        union = set().union(*held.values()) - {""}
        if not held or 2 * full <= len(held) or len(union) <= len(held):
            return drop
        drop += 1


def _shorter(names: set[str]) -> dict[str, str]:
    """Names less what all begin or end with: "lecture-1-" of a repository's forks."""
    cut = {name: re.split(r"(\s+-\s+|[-_])", name) for name in names}
    if len(names) < (2 if all(" - " in name for name in names) else 3):  # by chance
        return {name: name for name in names}
    for end, rest in ((0, slice(2, None)), (-1, slice(None, -2))):
        while all(len(each) > 2 for each in cut.values()):
            if len({bare_words(each[end]) for each in cut.values()}) > 1:
                break
            cut = {name: each[rest] for name, each in cut.items()}
    return {name: "".join(each) for name, each in cut.items()}


def _one_number(whose: list[Whose], files: Sequence[Sequence[str]]) -> list[Whose]:
    """Moodle's numbers differ between assignments: one for each name, if that is safe.

    It is where no download has two people of that name.
    """
    ids: dict[str, dict[tuple[str, ...], set[str]]] = {}
    for each, parts in zip(whose, files, strict=True):
        download = tuple(takewhile(lambda part: "_assignsub" not in part, parts))
        ids.setdefault(each.name, {}).setdefault(download, set()).add(each.id)
    same = {
        name: min(map(min, found.values()))
        for name, found in ids.items()
        if all(len(numbers) == 1 for numbers in found.values())
    }
    return [
        replace(each, id=same.get(each.name, each.id)) if each.by == "moodle" else each
        for each in whose
    ]

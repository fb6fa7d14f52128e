"""Captions: a small English grammar, written from a scene and parsed back.

    a brown teddy bear with a red hat and sunglasses is reading in the park
    two blue teddy bears are dancing and a pink teddy bear with a blue hat is sitting,
    with both arms up, on the beach

Bears that look alike share a clause, and its number governs bear(s), hat(s), is or
are, its or their. Each attribute stands in the clause of the bear it belongs to. With
`rng` the wording varies, what it says does not: `parse_caption` finds the same facts.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from coursekit.datasets.teddy.scene import FURS, HATS, PLACES, Bear, Scene, Uniform

WHERE = {
    "park": "in the park",
    "beach": "on the beach",
    "snow": "in the snow",
    "room": "in a room",
    "forest": "in the forest",
    "city": "in the city at night",
}
COUNTS = ("no", "one", "two", "three")
SUBJECT = "[V]"  # the name of the special bear, where a fur colour would stand
_VERBS = {"none": "sitting", "reading": "reading", "dancing": "dancing"}
_MIRROR = "in front of a mirror"


class Words(NamedTuple):
    """What a caption says of a bear."""

    fur: str
    hat: str
    glasses: str
    pose: str
    action: str


@dataclass(frozen=True)
class Facts:
    """What a caption says of a scene: clauses are (how many, which bears)."""

    place: str
    clauses: tuple[tuple[int, Words], ...]
    mirror: bool


def words_of(bear: Bear) -> Words:
    """The nameable attributes of a bear."""
    fur = SUBJECT if bear.special else bear.fur
    return Words(fur, bear.hat, bear.glasses, bear.pose, bear.action)


def facts(scene: Scene) -> Facts:
    """What any caption of this scene must say, bears from left to right."""
    groups: dict[Words, int] = {}
    for bear in sorted(scene.bears, key=lambda b: b.x):
        key = words_of(bear)
        groups[key] = groups.get(key, 0) + 1
    clauses = tuple((count, words) for words, count in groups.items())
    return Facts(scene.place, clauses, scene.mirror)


def caption(scene: Scene, rng: Uniform | None = None) -> str:
    """Describe a scene. Without `rng` the plain wording, with it one of many."""
    told = facts(scene)
    # One number for each choice of wording; 0 everywhere is the plain wording.
    luck = rng.random(2 + 6 * len(told.clauses)).tolist() if rng is not None else []
    draw = iter(luck)
    parts = [_clause(count, words, draw, bool(luck)) for count, words in told.clauses]
    text = " and ".join(parts) if parts else "there is no bear"
    where = WHERE[told.place]
    if told.mirror:
        text = f"{text} {_MIRROR}"
    if luck and next(draw) < 0.25:
        return f"{where}, {text}"
    return f"{text} {where}"


def told_apart(scene: Scene) -> str:
    """The plain caption with a clause for each bear, alike or not; no mirror.

    Bears that look alike are rare in random scenes: what has learnt from those knows
    "a green bear and a green bear" better than "two green bears".
    """
    bears = sorted(scene.bears, key=lambda b: b.x)
    clauses = [_clause(1, words_of(bear), iter(()), False) for bear in bears]
    return f"{' and '.join(clauses)} {WHERE[scene.place]}"


def _clause(count: int, words: Words, draw: Iterator[float], vary: bool) -> str:
    def choose(*options: str) -> str:
        return options[int(next(draw) * len(options))] if vary else options[0]

    one = count == 1
    s = "" if one else "s"
    article = choose("a", "one") if one else COUNTS[count]
    noun = choose("teddy bear", "bear", "toy bear") + s
    wear = []
    if words.hat != "none":
        wear.append(f"{'a ' if one else ''}{words.hat} hat{s}")
    if words.glasses != "none":
        dark = choose("sunglasses", "dark glasses")
        wear.append("round glasses" if words.glasses == "round" else dark)
    if choose("keep", "swap") == "swap":
        wear.reverse()
    text = f"{article} {words.fur} {noun}"
    if wear:
        text += f" {choose('with', 'wearing')} " + " and ".join(wear)
    verb = _VERBS[words.action]
    if words.action == "reading":
        verb = choose("reading", "reading a book" if one else "reading books")
    text += f" {'is' if one else 'are'} {verb}"
    own = "its" if one else "their"
    if words.pose == "both-up":
        text += f" with both {'' if one else 'their '}arms up"
    elif words.pose != "both-down":
        text += f" with {own} {words.pose.removesuffix('-up')} arm{s} up"
    return text


_CLAUSE = re.compile(
    r"(?P<count>a|one|two|three) (?P<fur>\S+) (?:teddy bear|toy bear|bear)(?P<s>s?)"
    r"(?: (?:with|wearing) (?P<wear>(?:a )?\w+ \w+|sunglasses)"
    r"(?: and (?P<more>(?:a )?\w+ \w+|sunglasses))?)?"
    r" (?P<be>is|are) (?P<verb>sitting|reading|dancing)(?: a book| books)?"
    r"(?: with (?P<arms>both (?:their )?|(?:its|their) (?:left|right) )arms? up)?"
)


def parse_caption(text: str) -> Facts:
    """Read a caption back. Raises ValueError where it leaves the grammar."""
    rest = text.strip().lower().replace(SUBJECT.lower(), SUBJECT)
    place = ""
    for name, where in WHERE.items():
        if rest.startswith(f"{where}, "):
            place, rest = name, rest.removeprefix(f"{where}, ")
        elif rest.endswith(f" {where}"):
            place, rest = name, rest.removesuffix(f" {where}")
    if not place:
        raise ValueError(
            f"no place in {text!r}: end with one of {list(WHERE.values())}"
        )
    mirror = rest.endswith(f" {_MIRROR}")
    rest = rest.removesuffix(f" {_MIRROR}")
    if rest == "there is no bear":
        return Facts(place, (), mirror)
    clauses = []
    while True:
        match = _CLAUSE.match(rest)
        if match is None:
            raise ValueError(f"cannot read {rest!r}")
        clauses.append(_understand(match))
        rest = rest[match.end() :]
        if not rest:
            return Facts(place, tuple(clauses), mirror)
        if not rest.startswith(" and "):
            raise ValueError(f"cannot read {rest!r}")
        rest = rest.removeprefix(" and ")


def _understand(match: re.Match[str]) -> tuple[int, Words]:
    count = {"a": 1, "one": 1, "two": 2, "three": 3}[match["count"]]
    if (count == 1) != (match["be"] == "is") or (count == 1) != (match["s"] == ""):
        raise ValueError(f"number does not agree in {match[0]!r}")
    if match["fur"] not in (*FURS, SUBJECT):
        raise ValueError(f"no fur is {match['fur']!r}: {', '.join(FURS)}")
    hat = glasses = "none"
    for thing in (match["wear"], match["more"]):
        if thing is None:
            continue
        if thing in ("sunglasses", "dark glasses"):
            glasses = "sun"
        elif thing == "round glasses":
            glasses = "round"
        else:
            form = thing.removeprefix("a ").removesuffix("s" if count > 1 else "")
            hat = form.removesuffix(" hat")
            if hat not in HATS[1:] or (count == 1) != thing.startswith("a "):
                raise ValueError(f"cannot read {thing!r} in {match[0]!r}")
    arms = match["arms"] or ""
    pose = "both-down"
    if arms:
        side = arms.split()[-1]
        pose = f"{side}-up" if side in ("left", "right") else "both-up"
    verb = match["verb"]
    action = next(name for name, word in _VERBS.items() if word == verb)
    return count, Words(match["fur"], hat, glasses, pose, action)


def tokenize(text: str) -> list[str]:
    """Words and commas, in lower case."""
    return re.findall(r"\[v\]|\w+|,", text.lower())


def vocabulary() -> tuple[str, ...]:
    """Every token the grammar can produce, sorted."""
    fixed = """a one two three teddy toy bear bears with wearing and hat hats round
    dark glasses sunglasses is are sitting reading book books dancing its their left
    right both arm arms up there no in front of mirror , [v]"""
    places = " ".join(WHERE[place] for place in PLACES)
    return tuple(sorted({*fixed.split(), *FURS, *HATS[1:], *tokenize(places)}))

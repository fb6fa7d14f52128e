"""Read a wish for a bear phrase by phrase, and refuse whatever no phrase explains.

A sentence is a list of clauses, between commas; a clause a list of phrases: a thing
with its colours, arms and where they are, an action, a place after its preposition, or
one of these things denied. Each word belongs to one phrase, so a colour cannot slip
from a book to the fur, and no "not" is lost.
"""

import re
from collections.abc import Collection
from difflib import get_close_matches
from typing import NoReturn

from coursekit.datasets.teddy.captions import WHERE
from coursekit.datasets.teddy.scene import FURS, HATS
from coursekit.pipeline import loose_words as say

END = ","  # of a clause
ORDER = ("fur", "hat", "glasses", "pose", "action", "place")
OPTIONS = {"fur": FURS, "hat": HATS[1:]}
NAMED = frozenset((*say.OWNERS, *say.SHAPES, *say.ACTIONS, *say.PLACES, say.INSIDE))
NAMED |= say.COLOURS | say.ARMS | say.UP | say.DOWN | say.SIDES | say.BOOKS | say.NO
NAMED |= set(say.WORN) | say.LIFTING | say.LOWERING | {"cheering"}
KNOWN = NAMED | say.FILLERS | say.MANY | {"or", "air", "any", "head", "'s", END}
KNOWN |= set(say.PLURAL)
ONE = "this model draws one bear"  # to whoever names several


class NotUnderstood(ValueError):
    """A prompt that this world cannot show; the message says why in one line."""


def attributes(text: str, advice: str = ONE) -> dict[str, str]:
    """Attribute of a bear, or "place" -> its word, for what `text` says.

    Raises NotUnderstood for unknown words, for what this world does not have, for
    contradictions, and where it is open which of two things is meant.
    advice: to whoever names several things.
    """
    words = tokens(text)
    check(words, text, KNOWN)
    return of_one_bear(words, text, advice)


def of_one_bear(words: list[str], text: str, advice: str) -> dict[str, str]:
    """The same for words of `text`, which all are known; advice: for several bears."""
    for i, word in enumerate(words):
        if word in say.MANY and not (
            word == "two" and say.ARMS & set(words[i : i + 3])
        ):
            raise NotUnderstood(f"{word!r} in {text!r}: {advice}")
    return _Phrases(words, text, advice).read()


def check(words: list[str], text: str, known: Collection[str]) -> None:
    """Raises NotUnderstood where there is no word, or one that is not known."""
    if not set(words) - {END}:
        raise NotUnderstood("an empty prompt: say something about the bear")
    if {"mirror", "mirrors"} & set(words):
        raise NotUnderstood("mirrors are not in this model's captions: leave it out")
    for word in words:
        if word not in known:
            near = get_close_matches(word, sorted(NAMED), 2, 0.7)
            advice = f"did you mean {' or '.join(near)}?" if near else "leave it out"
            raise NotUnderstood(f"unknown word {word!r} in {text!r}: {advice}")


def tokens(text: str) -> list[str]:
    """Words and clause ends, without the polite words before the wish."""
    told = text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    told = re.sub(r"\b(is|are|does|do)n't\b", r"\1 not", told)
    told = re.sub(r"\b(snow-(?=white)|jet-(?=black))| for me\b", "", told)
    told = re.sub(r"\b(it|that|there|he|she)'s\b", r"\1 is", told)
    told = re.sub(r"\bdoes not\b", "not", told)
    told = re.sub(r"^\s*(please )?do not (draw|show|paint)\b", "no", told)
    told = re.sub(rf"\b({'|'.join(say.OWNERS)}):", r"\1 is", told)
    wish = say.REQUEST.match(told)
    told = re.sub(r"(?<=\w)-(?=\w)", " ", told[wish.end() if wish else 0 :])
    found = re.findall(r"'s\b|[^\W_]+|[^\s\w'\"]", told)
    return [END if word in ",;.:!?-()[]" else word for word in found]


class _Phrases:
    """One walk over the words; what was found so far."""

    def __init__(self, words: list[str], text: str, advice: str) -> None:
        self.words, self.text = [*words, END, END], text
        self.advice = advice  # to whoever names a second bear
        self.at = self.clause = 0  # where we read, where the clause began
        self.found: dict[str, str] = {}
        self.up: dict[str, bool] = {}  # side -> whether that arm is up
        self.actions: set[str] = set()
        self.denied: set[str] = set()  # actions
        self.absent: set[tuple[str, str]] = set()  # (thing, kind) that is denied
        self.bear = False  # whether one was named
        self.last = ""  # the thing just named: a colour after it is its own

    def read(self) -> dict[str, str]:
        while self.at < len(self.words):
            self._phrase()
        if len(self.actions) > 1 and self.actions != {"none", "reading"}:
            one, other, *_ = sorted(a.replace("none", "sitting") for a in self.actions)
            self._refuse(f"{one} and {other}", "name one")
        for action in self.denied & self.actions:
            self._refuse(f"{action} and not {action}", "name one")
        if self.denied and not self.actions:
            self.actions.add("none")
        for owner, kind in self.absent:
            if self.found.setdefault(owner, "none") == kind:
                self._refuse(f"{spoken(owner, kind)} and none", "name one")
        for action in sorted(self.actions):  # who reads sits
            self.found["action"] = action
        if self.up:
            up = [side for side in ("left", "right") if self.up.get(side)]
            whole = {0: "both-down", 2: "both-up"}
            self.found["pose"] = whole.get(len(up)) or f"{up[0]}-up"
        if not self.found and not set(say.OWNERS) & set(self.words):
            self._refuse("nothing about a bear", "say what it looks like")
        if "hat" not in self.found and self._names_a_hat():
            self._refuse("which hat", ", ".join(HATS[1:]))
        return {name: self.found[name] for name in ORDER if name in self.found}

    # ------------------------------------------------------------------ the phrases

    def _phrase(self) -> None:
        """One phrase, or one word that says nothing by itself."""
        word = self.words[self.at]
        if word == END:
            self.at += 1
            self.clause, self.last = self.at, ""
        elif word == "or":
            self._refuse("'or'", "say which of them")
        elif word in say.NO:
            self._denied()
        elif word in say.WORN:
            self._take(*say.WORN[word])
        elif word in ("cheering", *say.LIFTING, *say.LOWERING, *say.UP, *say.DOWN):
            self._arms_after(word)
        elif word in say.ACTIONS or word in say.BOOKS:
            self._action(word, self.actions)
        elif word in say.PLACES or word == say.INSIDE:
            self._place(word)
        elif word == "head":
            self._head()
        elif word in say.FILLERS or word in ("two", "'s"):
            self.at += 1
        elif word == "air":
            self._refuse("'air'", "only arms can be up")
        else:
            self._thing()

    def _thing(self) -> None:
        """Adjectives and a noun; adjectives alone, behind their noun or in front."""
        begin, adjectives = self.at, self._adjectives()
        noun = self.words[self.at]
        if noun in say.ARMS:
            self._arms(adjectives)
            return
        if say.SIDES & set(adjectives):
            self._refuse(f"{adjectives[0]!r}", "only an arm is left or right")
        if noun in say.OWNERS:
            if noun in say.BEARS:
                self._one_bear(begin)
            self.last = say.OWNERS[noun]
            self._name(self.last, adjectives, noun)
            while say.OWNERS.get(self.words[self.at]) == self.last:
                self.at += 1  # teddy bear
            if self.words[self.at] in say.OWNERS:
                self._unclear(begin)
        elif adjectives and self._is_behind(begin):
            self._name(self.last, adjectives, "")
        elif adjectives and self._is_alone(begin):
            self._name("fur", adjectives, "")
        else:
            self._unclear(begin)

    def _one_bear(self, begin: int) -> None:
        """A second bear or toy is another thing: a bear with a toy, and a teddy."""
        joint, article = ["", "", *self.words][begin : begin + 2]
        if self.bear and joint in ("and", "with") and article in say.DETERMINERS:
            self._refuse(f"{self._phrase_from(begin)!r}", self.advice)
        self.bear = True

    def _name(self, owner: str, adjectives: list[str], noun: str) -> None:
        """What the adjectives say of fur, hat or glasses; read past the noun."""
        self.at += bool(noun)
        for word in adjectives:
            if owner == "glasses":
                if word not in say.SHAPES:
                    self._refuse(f"no glasses are {word}", "they are round or dark")
                self._note("glasses", say.SHAPES[word])
            elif word not in say.COLOURS:
                self._refuse(f"what is {word}", "only glasses can be")
            elif word not in OPTIONS[owner]:
                options = ", ".join(OPTIONS[owner])
                raise NotUnderstood(f"no {owner} is {word}: {options} are")
            else:
                self._note(owner, word)
        if noun in say.DARK:
            self._note("glasses", "sun")
        elif owner == "glasses" and not adjectives and not self._shape_follows():
            self._note("glasses", "round")

    def _denied(self) -> None:
        """No hat, without glasses, not reading: nothing else can be missing.

        Whoever wears no sunglasses may wear round glasses, and no red hat a blue one.
        """
        begin = self.at
        self.at += 1
        self._skip(say.FILLERS | {"any"})
        kind = self._adjectives()
        word = self.words[self.at]
        if say.ACTIONS.get(word, "none") != "none":
            self._action(word, self.denied)
            if self.words[self.at] in ("or", "nor"):
                self._denied()
            return
        owner = say.OWNERS.get(say.PLURAL.get(word, word), "")
        if owner not in ("hat", "glasses"):
            self._refuse(
                f"{self._phrase_from(begin)!r}",
                "only hat and glasses can be missing; say what is there instead",
            )
        if kind or word in say.DARK:
            kinds = [say.SHAPES.get(k, k) for k in kind] if owner == "glasses" else kind
            self.absent |= {(owner, each) for each in kinds or ["sun"]}
        else:
            self._note(owner, "none")
        self.at += 1
        if self.words[self.at] in ("or", "nor"):
            self._denied()
        elif self.words[self.at] == "and":
            here, self.at = self.at, self.at + 1
            self._skip(say.DETERMINERS)
            if self.words[self.at] in say.OWNERS:
                self._refuse(f"with or without {self.words[self.at]}", "say which")
            self.at = here

    def _action(self, word: str, kept: set[str]) -> None:
        """What it does, or does not; reading glasses are neither."""
        kept.add(say.ACTIONS.get(word, "reading"))
        self.at += 1
        if say.OWNERS.get(self.words[self.at]) in ("hat", "glasses"):
            self._unclear(self.at - 1)

    def _place(self, word: str) -> None:
        """A place after its preposition, or a word by itself: park, indoors."""
        before, self.at = self.at, self.at + 1
        if word == say.INSIDE:
            here = self.at
            self._skip(say.DETERMINERS)
            inside_what = self.words[self.at] in say.PLACES
            self.at = here
            if inside_what:
                return
        i = before - 1
        while i >= self.clause and self.words[i] in say.DETERMINERS | say.PRAISE:
            i -= 1
        led = i >= self.clause and self.words[i] in (*say.PREPOSITIONS, say.INSIDE)
        after = self.words[self.at]
        bare = i == before - 1 and after in say.JOINTS | say.PREPOSITIONS | {END}
        alone = i < self.clause and after == END
        if after in say.OWNERS or not (led or bare or alone):
            self._unclear(before)
        self._note("place", say.PLACES.get(word, "room"))
        self.last = ""

    def _head(self) -> None:
        """Where a hat sits."""
        on_it = "on" in self.words[max(0, self.at - 2) : self.at]
        if not (on_it and self._names_a_hat()):
            self._refuse("'head'", "only a hat is on it")
        self.at += 1

    # --------------------------------------------------------------------- the arms

    def _arms_after(self, word: str) -> None:
        """Raising an arm, raised arms, cheering."""
        begin = self.at
        self.at += 1
        if word == "cheering":
            self._lift(["left", "right"], True)
            return
        if word in say.LIFTING | say.LOWERING:
            self._skip(say.DETERMINERS | {"both", "two"})
        adjectives = self._adjectives()
        if self.words[self.at] not in say.ARMS:
            self._refuse(f"what is {self._phrase_from(begin)!r}", "arms can be up")
        self._arms(adjectives, up=word in say.LIFTING | say.UP)

    def _arms(self, adjectives: list[str], up: bool | None = None) -> None:
        """Which arms, and whether up or down, said before or behind."""
        noun = self.words[self.at]
        if wrong := [word for word in adjectives if word not in say.SIDES]:
            self._refuse(f"what is {wrong[0]}", "arms have no colour or shape here")
        sides = adjectives or ["left", "right"]
        if not adjectives and not noun.endswith("s"):
            self._refuse(f"which {noun}", "left or right?")
        self.at += 1
        self._skip(say.BE)
        while (direction := self._direction()) is not None:
            if up not in (None, direction):
                self._refuse("arms up and down", "name one")
            up = direction
        if up is None:
            self._refuse("arms", "up or down? say so, or leave them out")
        self._lift(sides, up)

    def _direction(self) -> bool | None:
        """Up (True) or down, if that is what comes next; read past it."""
        word = self.words[self.at]
        if self.words[self.at : self.at + 3] == ["in", "the", "air"]:
            self.at += 3
            return True
        if word in say.UP | say.DOWN:
            self.at += 1
            return word in say.UP
        return None

    def _lift(self, sides: list[str], up: bool) -> None:
        for side in sides:
            if self.up.setdefault(side, up) != up:
                self._refuse(f"{side} arm up and {side} arm down", "name one")

    # ------------------------------------------------------------------- small steps

    def _adjectives(self) -> list[str]:
        """Colours, shapes and sides from here on; also two with an "and" between."""
        kinds = say.COLOURS | set(say.SHAPES) | say.SIDES
        found: list[str] = []
        while True:
            word, after = self.words[self.at : self.at + 2]
            if word in kinds:
                found.append(word)
            elif word == "and" and not (found and after in kinds):
                return found
            elif word != "and" and word not in say.PRAISE:
                return found
            self.at += 1

    def _is_behind(self, begin: int) -> bool:
        """Whether adjectives follow their noun: hat red, a hat that is blue."""
        before = self.words[begin - 1] if begin else END
        return bool(self.last) and (before in say.BE or before in say.OWNERS)

    def _is_alone(self, begin: int) -> bool:
        """Whether nothing else in the clause owns a colour: brown, in the park."""
        before = set(self.words[self.clause : begin])
        after = self.words[self.at]
        ends = after == END or after in say.JOINTS | say.PREPOSITIONS
        return before <= say.DETERMINERS | say.BE | say.PRAISE and ends

    def _shape_follows(self) -> bool:
        """Whether a sentence goes on with: (that) are dark."""
        i = self.at
        while self.words[i] in say.RELATIVE | say.BE:
            i += 1
        return i > self.at and self.words[i] in say.SHAPES

    def _names_a_hat(self) -> bool:
        return any(say.OWNERS.get(word) == "hat" for word in self.words)

    def _skip(self, words: Collection[str]) -> None:
        while self.words[self.at] in words:
            self.at += 1

    def _take(self, name: str, word: str) -> None:
        self._note(name, word)
        self.at += 1

    def _note(self, name: str, word: str) -> None:
        before = self.found.setdefault(name, word)
        if before != word:
            a, b = spoken(name, before), spoken(name, word)
            self._refuse(f"{a} and {b}", "name one")

    def _phrase_from(self, begin: int) -> str:
        return " ".join(self.words[begin : self.at + 1]).strip(f" {END}")

    def _unclear(self, begin: int) -> NoReturn:
        self._refuse(
            f"{self._phrase_from(begin)!r}",
            "only fur, hat and glasses have a colour, and a place follows in, on or at",
        )

    def _refuse(self, what: str, advice: str) -> NoReturn:
        mark = "?" if what.startswith(("which ", "what ", "with or ")) else ":"
        raise NotUnderstood(f"{what} in {self.text!r}{mark} {advice}")


SPOKEN = {
    "glasses": {"none": "no glasses", "round": "round glasses", "sun": "sunglasses"},
    "pose": {
        "both-down": "arms down",
        "both-up": "both arms up",
        "left-up": "left arm up",
        "right-up": "right arm up",
    },
    "action": {"none": "sitting", "reading": "reading", "dancing": "dancing"},
    "place": WHERE,
}


def spoken(name: str, word: str) -> str:
    """How a person would say it: ("hat", "none") is no hat."""
    if name == "fur":
        return f"{word} fur"
    if name == "hat":
        return "no hat" if word == "none" else f"a {word} hat"
    return SPOKEN[name][word]

"""Read a wish for up to three bears: find the bears, then read what is said of each.

    two bears in the snow, one with glasses -> a bear with glasses; a bear; the snow

A head names new bears ("a brown bear", "three bears") or points at bears named before
("one", "the other", "both", "the brown one"). What follows it, up to the next head, is
said of its bears, and read like a wish for one bear. Where it is open which bear is
meant, it refuses.
"""

import re
from collections.abc import Iterable
from typing import NoReturn

from coursekit.datasets.teddy.scene import HATS, MAX_BEARS
from coursekit.pipeline import loose_words as say
from coursekit.pipeline.bear_heads import (
    ALL_KNOWN,
    DOING,
    HEAD,
    NUMBERS,
    ONE_HAT,
    PLURAL_VERBS,
    SINGULAR,
    TOO_MANY,
    VERBS,
    plain,
)
from coursekit.pipeline.loose_phrases import (
    END,
    NotUnderstood,
    check,
    of_one_bear,
    spoken,
    tokens,
)

Attributes = dict[str, str]
ADVICE = "say it after the bear that it is about"
# A phrase cannot end with these: something was said of the next bear.
DANGLING = frozenset("with without wearing wears wear in on has have no not".split())
BETWEEN = frozenset(("and", "but", "with", END))
# What else may stand before the first head, and before one that points.
BEFORE = say.BE | {"have", "has", "only", "just", say.INSIDE, *say.PLACES}


def several(text: str) -> tuple[list[Attributes], str]:
    """What is said of each of the bears of `text`, and of the place ("" if nothing).

    Raises NotUnderstood as `attributes` does, for more than three bears, and where it
    is open who is meant. One bear is a list of one.
    """
    words = plain(tokens(text))
    if TOO_MANY & set(words):
        raise NotUnderstood(f"{text!r}: this model draws one, two or three bears")
    check(words, text, ALL_KNOWN)
    return _Bears(text).read(" ".join(words))


class _Bears:
    """One walk over the heads; what is known of the bears so far."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.bears: list[Attributes] = []
        self.place = ""
        self.free: list[int] = []  # of a group, and not singled out yet
        self.chain: list[int] = []  # a bear and a bear: what "are" is about
        self.bare = True  # nothing was said of the chain yet
        self.hat = False  # the last head was followed by one
        self.pointed = False  # the last head pointed at a bear of a group

    def read(self, sentence: str) -> tuple[list[Attributes], str]:
        heads = self._heads(sentence)
        if not heads:
            self._refuse("no bear", "say what it looks like")
        before = sentence[: heads[0].start()].split()
        if self._one([*before, "a", "bear"]):
            self._refuse(f"{' '.join(before)!r} before the bear", ADVICE)
        for head, after in zip(heads, [*heads[1:], None], strict=True):
            words = sentence[head.end() : after.start() if after else None].split()
            if after and words and words[-1] == "with":
                words.pop()  # two bears, with one ...
                if words and words[-1] in DOING:
                    self._refuse(f"{words[-1]} with another", "say 'both are'")
            while words and words[-1] in (END, "and", "but"):
                words.pop()
            self._segment(head, words, sentence[: head.start()].endswith(" and "))
            if len(self.bears) > MAX_BEARS:
                self._refuse("more than three bears", "this model draws one to three")
        return self.bears, self.place

    def _heads(self, sentence: str) -> list[re.Match[str]]:
        """The heads, in order; "are both reading" says nothing new."""
        heads: list[re.Match[str]] = []
        for head in HEAD.finditer(sentence):
            last = [END, *sentence[: head.start()].split()][-1]
            if head["all"] and last in {*say.BE, "have", "wear", "wearing"}:
                continue
            points = head["new"] is None and head["bare"] is None
            free = points or not heads
            usual = last in BETWEEN or (free and last in BEFORE)
            if not (usual or (points and last in {*say.OWNERS, *DOING, "bears"})):
                self._refuse(f"{head[0]!r} after {last!r}", ADVICE)
            heads.append(head)
        return heads

    def _segment(self, head: re.Match[str], words: list[str], after_and: bool) -> None:
        """One head and what is said after it."""
        if words and words[-1] in DANGLING:
            self._refuse(f"{words[-1]!r} with nothing after it", "say what")
        like = head["like"] or head["known"] or head["bare"] or head["hue"] or ""
        own = self._one(["a", *like.replace(END, "").split(), "bear"])
        before = len(self.bears)
        which = self._who(head, own, after_and)
        new = len(self.bears) > before
        self.chain = self.chain + which if new or head["known"] else list(which)
        more = len(self.chain) > len(which)
        start = self._shared_from(words, len(which) == 1)
        if start < len(words) and len(self.bears) > len(self.chain) == 1:
            self._refuse(f"{words[start]!r} of one bear", "who is meant?")
        if self.bare and more and self._is_open(words[:start]):
            self._refuse("who does that", "say 'both are', or 'one is'")
        if len(which) > 1 and head["new"] and ONE_HAT.search(" ".join(words)):
            self._refuse("one hat for several bears", "'hats', or 'one with a hat'")
        if len(self.bears) > 1 and re.search(rf"{END} (it|he|she)\b", " ".join(words)):
            self._refuse("'it'", "which of the bears?")
        if head["ones"] and self.hat and {own.get("fur")} & set(HATS):
            self._refuse(f"{head[0]!r}", "a bear, or a hat?")
        self.hat = any(say.OWNERS.get(SINGULAR.get(w, w)) == "hat" for w in words)
        self._say(which, own)
        self._say(which, self._one(["a", "bear", *words[:start]]))
        self._say(self.chain, self._one(["a", "bear", *words[start:]]))
        self.bare = self.bare and not words
        if VERBS & set(words):  # a new statement
            self.chain, self.bare = [], True

    # ------------------------------------------------------------- which bear is meant

    def _who(self, head: re.Match[str], own: Attributes, after_and: bool) -> list[int]:
        """The bears that a head is about; new ones are added."""
        total, pointed = len(self.bears), self.pointed
        self.pointed = False
        many = bool(re.search(r"(bears|teddies|teddybears)$", head[0]))
        if head["all"]:
            return self._all(head["all"])
        if head["other"]:
            if total == 1:
                return self._new(1)
            left = re.search(r"others|two|rest|ones|bears|teddies", head["other"])
            if not self.free or (len(self.free) > 1) != bool(left):
                self._refuse(f"{head['other']!r}", "which of the bears?")
            return self._take(len(self.free))
        if head["nth"]:
            order = ("first", "second", "third")
            place = next(i for i, word in enumerate(order) if word in head["nth"])
            if place > total:
                self._refuse(f"{head['nth']!r}", f"{total} bears were named so far")
            self.free = [i for i in self.free if i != place]
            return [place] if place < total else self._new(1)
        if head["known"] or head["it"]:
            found = [i for i in range(total) if own.items() <= self.bears[i].items()]
            if (len(found) > 1 or not found) and (many or found):
                self._refuse(f"{head[0]!r}", "which of the bears?")
            return found or (self._take(1) if self.free else self._new(1))
        number = NUMBERS[head["new"] or head["some"] or "a"]
        named = not (head["some"] or head["ones"])
        if head["bare"] is not None and many:
            self._refuse(f"{head[0]!r}", "how many? one, two or three")
        if named and many != (number > 1):
            self._refuse(f"{head[0]!r}", "one bear, or several?")
        fits = number <= len(self.free) and all(
            self.bears[i].get(name, word) == word
            for i in self.free
            for name, word in own.items()
        )
        if head["some"] and fits and after_and and self.bare and not pointed:
            self._refuse(f"{head[0]!r}", "one of them, or one more?")
        if fits and (not named or pointed or not after_and):
            return self._take(number)
        another = head["some"] == "another" and total == 1
        one_more = head["hue"] and after_and and not pointed
        if pointed or (head["some"] and total and not (another or one_more)):
            self._refuse(f"{head[0]!r}", f"one of which? {total} bears were named")
        return self._new(number)

    def _all(self, said: str) -> list[int]:
        total = len(self.bears)
        number = 2 if re.search("both|two", said) else 3 if "three" in said else 0
        if not total and number and said.endswith("s"):
            return self._new(number)
        if total < 2 or number not in (0, total):
            self._refuse(f"{said!r}", f"which? {total or 'no'} bears were named so far")
        return list(range(total))

    def _new(self, number: int) -> list[int]:
        first = len(self.bears)
        self.bears += [{} for _ in range(number)]
        which = list(range(first, first + number))
        if number > 1:
            self.free = list(which)
        return which

    def _take(self, number: int) -> list[int]:
        taken, self.free = self.free[:number], self.free[number:]
        self.pointed = True
        return taken

    # ------------------------------------------------------------------ what is said

    def _one(self, words: list[str]) -> Attributes:
        """What words about one bear say; a place is everybody's."""
        one = [SINGULAR.get(w, w) for w in words if w not in ("all", "each")]
        found = of_one_bear(one, self.text, ADVICE)
        place = found.pop("place", "")
        if place and self.place not in ("", place):
            here, there = spoken("place", self.place), spoken("place", place)
            self._refuse(f"{here} and {there}", "a picture has one place")
        self.place = place or self.place
        return found

    def _say(self, which: Iterable[int], found: Attributes) -> None:
        for i in which:
            for name, word in found.items():
                before = self.bears[i].setdefault(name, word)
                if before != word:
                    both = f"{spoken(name, before)} and {spoken(name, word)}"
                    self._refuse(f"{both} on one bear", "name one")

    def _shared_from(self, words: list[str], hats: bool) -> int:
        """Where words go on about all of the chain: at "are", or at "hats"."""
        shared = PLURAL_VERBS | ({"their", *SINGULAR} if hats else set())
        marks = [i for i, word in enumerate(words) if word in shared]
        if not marks:
            return len(words)
        begin = marks[0]
        if words[begin] not in PLURAL_VERBS:
            while begin and words[begin - 1] not in BETWEEN | {"wearing", "in"}:
                begin -= 1
            begin -= begin > 0 and words[begin - 1] != END
        return begin

    def _is_open(self, words: list[str]) -> bool:
        """A bear and a bear dancing: who dances?"""
        doing = [i for i, word in enumerate(words) if word in DOING]
        return bool(doing) and not VERBS & set(words[: doing[0]])

    def _refuse(self, what: str, advice: str) -> NoReturn:
        raise NotUnderstood(f"{what} in {self.text!r}: {advice}")

"""Questions about a teddy picture, in words, and the answers to them.

    is there a brown bear with a red hat         yes, no
    does this figure show two blue bears reading and a pink bear on the beach
    how many brown bears are there               zero, one, two, three
    which hat has the leftmost bear              red, blue, yellow, none
    is there a pink bear further left than a blue bear
    where is this                                park, beach, snow, ...

What is not said of a bear is left open: a bear with a hat is a bear. Left and right are
the picture's for bears, and the bear's own for arms.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import permutations

from coursekit.datasets.teddy.captions import (
    SUBJECT,
    WHERE,
    Facts,
    Words,
    parse_caption,
    tokenize,
)
from coursekit.datasets.teddy.scene import FURS, GLASSES, HATS, PLACES

NUMBERS = ("zero", "one", "two", "three")
SIDES = {"left": "leftmost", "middle": "middle", "right": "rightmost"}
CHOICES = {
    "fur": FURS,
    "hat": HATS,
    "glasses": GLASSES,
    "pose": ("none", "left", "right", "both"),
    "action": ("sitting", "reading", "dancing"),
    "count": NUMBERS,
    "place": PLACES,
    "show": ("yes", "no"),
    "left": ("yes", "no"),
}
ANSWERS = tuple(dict.fromkeys(word for words in CHOICES.values() for word in words))
NOBODY = Words("", "", "", "", "")  # nothing is said of it
_WHICH = {
    "fur": "what colour is {}",
    "hat": "which hat has {}",
    "glasses": "which glasses has {}",
    "pose": "which arm of {} is up",
    "action": "what is {} doing",
}


@dataclass(frozen=True)
class Question:
    """A question in words, and what it means.

    asks: a key of CHOICES; who: what it says of the bears it is about, "" where it says
    nothing; place, side: "" where it names none.
    """

    text: str
    asks: str
    who: tuple[Words, ...] = ()
    place: str = ""
    side: str = ""

    @property
    def choices(self) -> tuple[str, ...]:
        """The words that can be an answer."""
        return CHOICES[self.asks]


def spoken(words: Words) -> Words:
    """The words of a bear as answers say them: arms that are up, what it is doing."""
    pose = {"both-down": "none"}.get(words.pose, words.pose.removesuffix("-up"))
    action = {"none": "sitting"}.get(words.action, words.action)
    return words._replace(pose=pose, action=action)


def mentioned(words: Words) -> Words:
    """What a caption says of a bear: it does not mention what is not there."""
    return Words(*("" if word == "none" else word for word in spoken(words)))


def phrase(count: int, words: Words) -> str:
    """`count` bears in words: "a brown bear reading with a red hat"."""
    one = count == 1
    s = "" if one else "s"
    name = ["a" if one else NUMBERS[count], words.fur, f"bear{s}", words.action]
    wear = []
    if words.hat:
        wear.append(f"{'a ' if one else ''}{words.hat} hat{s}")
    if words.glasses:
        wear.append("sunglasses" if words.glasses == "sun" else "round glasses")
    if words.pose:
        both = words.pose == "both"
        wear.append("both arms up" if both else f"the {words.pose} arm up")
    text = " ".join(filter(None, name))
    return f"{text} with {' and '.join(wear)}" if wear else text


def phrases(who: Iterable[Words], place: str = "") -> str:
    """Bears and a place in words; bears that are alike share a phrase."""
    text = " and ".join(phrase(n, words) for words, n in Counter(who).items())
    return f"{text} {WHERE[place]}" if place else text


def there_is(who: Sequence[Words]) -> Question:
    """Whether all these bears are there, each another one."""
    be = "are" if len(who) > 1 else "is"
    return Question(f"{be} there {phrases(who)}", "show", tuple(who))


def shows(who: Sequence[Words], place: str = "") -> Question:
    """The question of VQAScore (Lin et al. 2024): "does this figure show ..."."""
    return Question(
        f"does this figure show {phrases(who, place)}", "show", tuple(who), place
    )


def shows_caption(caption: str) -> Question:
    """The same of a caption. Raises ValueError for what `told_bears` does not take."""
    told = told_bears(caption)
    who = [mentioned(words) for n, words in told.clauses for _ in range(n)]
    if not who:
        raise ValueError(f"{caption!r} names no bear: ask how many there are")
    return shows(who, told.place)


def told_bears(caption: str) -> Facts:
    """What a caption says, for questions: no mirrors, and nothing of the [V] bear.

    Raises ValueError for those, and where `parse_caption` does.
    """
    told = parse_caption(caption)
    if told.mirror or any(words.fur == SUBJECT for _, words in told.clauses):
        raise ValueError(f"no questions about mirrors or the [V] bear: {caption!r}")
    return told


def how_many(fur: str = "") -> Question:
    """How many bears, or bears of a fur, there are."""
    bears = " ".join(filter(None, ["how many", fur, "bears are there"]))
    return Question(bears, "count", (NOBODY._replace(fur=fur),))


def which(asks: str, fur: str = "", side: str = "") -> Question:
    """The fur, hat, glasses, pose or action of the bear of that fur or side."""
    bear = " ".join(filter(None, ["the", SIDES.get(side), fur, "bear"]))
    who = (NOBODY._replace(fur=fur),)
    return Question(_WHICH[asks].format(bear), asks, who, side=side)


def left_of(first: Words, second: Words) -> Question:
    """Whether the first stands left of the second in the picture."""
    text = f"is there {phrase(1, first)} further left than {phrase(1, second)}"
    return Question(text, "left", (first, second))


def where() -> Question:
    """Which place this is."""
    return Question("where is this", "place")


def fits(said: Words, bear: Words) -> bool:
    """Whether all that is said is true of a bear, in the words of `spoken`."""
    return all(not word or word == own for word, own in zip(said, bear, strict=True))


def answer(question: Question, place: str, bears: Sequence[Words]) -> str:
    """The answer for a picture; "" where nobody, or several unlike bears, are meant.

    bears: from left to right, in the vocabulary of scenes and of scene readers.
    """
    seen = [spoken(bear) for bear in bears]
    if question.asks == "place":
        return place
    meant = [[fits(said, bear) for bear in seen] for said in question.who]
    if question.asks == "count":
        return NUMBERS[sum(meant[0])]
    if question.asks in ("show", "left"):
        if question.asks == "left":
            orders: Iterable[tuple[int, ...]] = (
                (i, j) for j in range(len(seen)) for i in range(j)
            )
        else:
            orders = permutations(range(len(seen)), len(meant))
        here = question.place in ("", place)
        shown = any(all(map(list.__getitem__, meant, order)) for order in orders)
        return "yes" if here and shown else "no"
    chosen = [bear for bear, it in zip(seen, meant[0], strict=True) if it]
    if question.side:
        at = {"left": 0, "middle": 1, "right": len(seen) - 1}[question.side]
        among = 3 if question.side == "middle" else 2  # bears at least
        chosen = [seen[at]] if len(seen) >= among and meant[0][at] else []
    words = {getattr(bear, question.asks) for bear in chosen}
    return words.pop() if len(words) == 1 else ""


def words_of_questions() -> tuple[str, ...]:
    """Every word that a question can hold, sorted."""
    fixed = """is are there does this figure show how many what which colour of doing
    has where a the bear bears with and hat hats glasses sunglasses both left right
    middle leftmost rightmost further than arm arms up in on sitting reading dancing
    round"""
    places = " ".join(WHERE.values())
    return tuple(
        sorted({*fixed.split(), *NUMBERS, *FURS, *HATS[1:], *tokenize(places)})
    )

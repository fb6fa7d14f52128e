"""How people name bears and point at them: the heads of `several_bears`."""

import re
from collections.abc import Iterable

from coursekit.pipeline import loose_words as say
from coursekit.pipeline.loose_phrases import END, KNOWN, tokens

NUMBERS = {"a": 1, "an": 1, "one": 1, "another": 1, "two": 2, "three": 3}
SINGULAR = {f"{hat}s": hat for hat in ("hat", "cap", "beanie", "sunhat")}
PLURAL_VERBS = frozenset("are wear have read dance sit".split())
VERBS = PLURAL_VERBS | frozenset("is wears has reads dances sits raises lifts".split())
DOING = frozenset("reading dancing sitting seated cheering".split())
TOO_MANY = frozenset("four five six seven eight nine ten several many few".split())
TOO_MANY |= set("456789")
ALL_KNOWN = KNOWN | set(SINGULAR) | set("teddies teddybears all each every of".split())
ALL_KNOWN |= set("other others rest first second third everyone them they".split())
ALL_KNOWN -= {"too"}  # a white bear too: as the other does?


def _any(words: Iterable[str]) -> str:
    return f"(?:{'|'.join(sorted(words))})"


_COLOUR = _any(say.COLOURS)
_WORD = _any(say.COLOURS | say.PRAISE)
_LIKE = _any(say.COLOURS | say.PRAISE | DOING | set(say.WORN))
_LIST = rf"(?:{_LIKE} (?:(?:{END}|and) (?={_LIKE} ))?)*"
_SOME = r"(?:(?:teddy|toy) )*(?:bears|teddies|teddybears)"
_BEAR = rf"(?:{_SOME}|(?:teddy |toy )*(?:bear|teddybear)|teddy)"
_HATS = {word for word, owner in say.OWNERS.items() if owner == "hat"}
_THING = _any({w for w, owner in say.OWNERS.items() if owner != "fur"}) + "|"
_THING = f"(?:{_THING}{_any({*say.ARMS, *say.BOOKS, *SINGULAR})})"
_ITS = r"(?:of )?(?:its |their |his |her |the )?"
_OF = rf"(?: of (?:them|which|whom|the (?:two |three )?{_BEAR}))?"
_EACH = rf"(?:both|all|each|every)(?: of)?(?: the| them)?(?: two| three)?(?: {_BEAR}"
HEAD = re.compile(
    r"(?<!\S)(?:"
    + "|".join(
        (
            rf"(?P<all>{_EACH}| ones?)?(?!\S)(?! {_ITS}{_THING})"
            rf"|everyone|they|the (?:two |three )?{_SOME})",
            rf"(?P<other>(?:the )?(?:two )?others?(?: two| {_BEAR}| ones?)?|the rest)",
            rf"(?P<nth>(?:the )?(?:first|second|third)(?: {_BEAR}| one)?)",
            rf"the (?P<known>(?:{_WORD} )+)(?:{_BEAR}|one)",
            rf"(?P<it>the {_BEAR})",
            rf"(?P<new>an?|one|two|three|another) (?P<like>{_LIST})"
            rf"(?:(?P<ones>ones?)|{_BEAR})",
            rf"(?P<some>one|two|three|another){_OF}(?P<hue>(?: {_COLOUR})*)"
            rf"(?!\S)(?! {_LIST}{_THING})",
            rf"(?P<bare>(?:{_WORD} )*){_BEAR}",
        )
    )
    + r")(?!\S)"
)
ONE_HAT = re.compile(rf"(?<!\S)(?:an?|one|its) (?:{_LIKE} )*{_any(_HATS)}(?!\S)")
_AND = rf"(?:{END} and |{END} |and )"
_SAME = (  # what is said in other words, in this order
    (r"2", "two"),
    (r"3", "three"),
    (r"&", "and"),
    (r"(?:a )?(?:pair|couple) of", "two"),
    (r"a trio of", "three"),
    (r"(?:next to|beside|alongside|together with) (?=an?|one|two|another)", "and "),
    (r"side by side|next to each other|together", ""),
    (r"while|whereas", END),
    (r"(?<=bears )is|(?<=teddies )is", END),  # two bears: a brown one ...
    # a brown and a white bear: each colour has its bear
    (rf"(an?|one) ((?:{_WORD} )+)(?={_AND}(?:an?|one) (?:{_WORD} )+{_BEAR})", "bear"),
    (
        rf"(two|three) ((?:{_WORD} )+)(?={_AND}(?:an?|one|two) (?:{_WORD} )+{_BEAR})",
        "bears",
    ),
)
_COLOURS = re.compile(  # two bears, brown and white
    rf"(?<!\S)(two|three)( {_SOME}(?: [^,]*?)?) {END} "
    rf"({_COLOUR}(?: {END})?(?: {_COLOUR}(?: {END})?)? and {_COLOUR})(?= {END}|$)"
)


def plain(words: list[str]) -> list[str]:
    """The same wish with each bear named by itself."""
    text = " ".join(words)
    for pattern, same in _SAME:
        found = re.compile(
            rf"(?<!\S){pattern}" + ("" if "(?=" in pattern else r"(?!\S)")
        )
        if same in ("bear", "bears"):
            for _ in range(3):
                text = found.sub(rf"\1 \2{same} ", text)
        else:
            text = found.sub(same, text)
    text = _COLOURS.sub(_each, " ".join(text.split()))
    return text.split()


def _each(found: re.Match[str]) -> str:
    colours = [word for word in found[3].split() if word in say.COLOURS]
    if len(colours) != NUMBERS[found[1]]:
        return found[0]
    named = f" {END} ".join(f"one {colour}" for colour in colours)
    return f"{found[1]}{found[2]} {END} {named}"


def names_several(text: str) -> bool:
    """Whether a wish may be about several bears: else it is read as one bear."""
    words = plain(tokens(text))
    heads = [head[0] for head in HEAD.finditer(" ".join(words))]
    return len(heads) > 1 or any(re.search(_SOME + "$", head) for head in heads)

"""Intents in varied words: synonyms, politeness, asides, denials, quotes and typos.

What no operation of the list can do has wordings of its own, for a network that has to
learn to refuse. Bars separate what is equally likely.
"""

import numpy as np

from coursekit.datasets.edit_intents import WANTS, Intent, Want
from coursekit.editing.plan import Plan

# want -> what it becomes, what to do to it, what to have more or less of, complaints
HOW: dict[str, tuple[str, str, str, str]] = {
    "black and white": (
        "black and white|monochrome|grayscale|greyscale|grey|gray|b&w|colourless|b/w",
        "turn {it} into black and white|convert {it} to grayscale|make {it} monochrome|"
        "take all colour out of {it}|remove all colours|drop the colours|strip {it} of "
        "colour|get rid of all colour|turn {it} grey|delete the colours|no colours",
        "",
        "i do not want any colour|colour distracts here|it should look like an old "
        "photograph without colour|colours are not needed",
    ),
    "a negative": (
        "inverted|a negative|negative|reversed in its colours",
        "invert {it}|invert the colours|reverse the colours|make a negative of {it}|"
        "flip the colours|turn {it} into a negative|swap dark and light|negate {it}",
        "",
        "light should be dark and dark should be light|i want to see the negative|it "
        "should look like film before it is printed",
    ),
    "brighter": (
        "brighter|lighter|less dark|more luminous|better lit|not so dark",
        "brighten {it}|lighten {it}|brighten {it} up|light {it} up|lift the light|"
        "make {it} shine|illuminate {it}|give {it} more light|add light",
        "+brightness|+light|+luminosity|-darkness|+lightness",
        "it is too dark|too dark|so dark|i can hardly see anything|{it} looks gloomy|"
        "too dim|there is too little light|it came out dark|i can not see a thing",
    ),
    "darker": (
        "darker|dimmer|less bright|less light|not so bright|gloomier",
        "darken {it}|dim {it}|dim the light|take light away|make {it} dark|shade {it}",
        "-brightness|-light|-luminosity|+darkness|-lightness",
        "it is too bright|too bright|so bright|far too light|too much light|it dazzles "
        "me|{it} is glaring|it came out too light|my eyes hurt from the light",
    ),
    "warmer": (
        "warmer|warmer in tone|less cold|more orange|more yellow|less blue|sunnier",
        "warm {it}|warm {it} up|make the tones warm|give {it} a warm tone|add warmth|"
        "make {it} look like a sunset|make the colours warm",
        "+warmth|+temperature|+colour temperature|-blue|+yellow|+orange",
        "it is too cold|too blue|it looks cold|the tones are icy|{it} is bluish|the "
        "colours feel cold|it feels like winter",
    ),
    "cooler": (
        "cooler|colder|bluer|less warm|less yellow|less orange|frostier",
        "cool {it}|cool {it} down|make the tones cold|give {it} a cold tone|add blue|"
        "make {it} look like winter|take warmth out",
        "-warmth|-temperature|-colour temperature|+blue|-yellow|+coolness",
        "it is too warm|too yellow|too orange|it looks too warm|{it} is yellowish|the "
        "tones are hot|it looks like a sauna|too much yellow",
    ),
    "more colourful": (
        "more colourful|more saturated|more vivid|livelier|less dull|richer in colour|"
        "more vibrant|less grey|more intense",
        "saturate {it}|boost the colours|make the colours stronger|intensify the "
        "colours|let the colours glow|make the colours stand out|enrich the colours|"
        "liven up the colours|spice up the colours",
        "+saturation|+colour|+vividness|+vibrance|+colourfulness|+colour intensity",
        "the colours are dull|the colours look weak|too pale|{it} looks faded|the "
        "colours lack life|colours are boring|washed out colours",
    ),
    "less colourful": (
        "less colourful|less saturated|paler|less vivid|softer in colour|duller|muted",
        "desaturate {it}|mute the colours|weaken the colours|calm the colours|fade the "
        "colours|soften the colours|tone the colours down|make the colours pale",
        "-saturation|-colour|-vividness|-vibrance|-colourfulness|-colour intensity",
        "the colours are too strong|too colourful|too vivid|the colours scream|the "
        "colours are garish|{it} is oversaturated|gaudy colours",
    ),
    "more contrast": (
        "more contrasty|crisper in light and dark|stronger in contrast|less flat",
        "strengthen the contrast|add contrast|give {it} contrast|make darks darker and "
        "lights lighter|deepen the shadows and lift the lights|punch up the contrast",
        "+contrast|+tonal contrast|+difference between light and dark",
        "{it} is flat|it looks flat|too little contrast|it lacks contrast|{it} is hazy|"
        "no depth|everything is the same grey|it looks foggy",
    ),
    "less contrast": (
        "less contrasty|softer in contrast|flatter|weaker in contrast|less hard",
        "weaken the contrast|take contrast out|flatten {it}|soften the contrast|make "
        "darks lighter and lights darker|ease the contrast",
        "-contrast|-tonal contrast|-difference between light and dark",
        "too much contrast|the contrast is too hard|the shadows are too hard|{it} is "
        "harsh|it looks harsh|too hard between dark and light",
    ),
    "pinker": (
        "pinker|more magenta|less green|more purple|more pink",
        "add a magenta tint|shift {it} to magenta|tint {it} pink|take green out|give "
        "{it} a pink touch",
        "+magenta|+pink|-green|+tint",
        "it is too green|too green|{it} looks greenish|there is a green cast",
    ),
    "greener": (
        "greener|less magenta|less pink|more green",
        "add a green tint|shift {it} to green|tint {it} green|take magenta out|give "
        "{it} a green touch",
        "-magenta|-pink|+green|-tint",
        "it is too pink|too pink|too magenta|{it} looks pinkish|there is a pink cast",
    ),
    "daylight": (
        "normally exposed|correctly exposed|as light as it should be|well exposed",
        "fix the exposure|correct the exposure|repair the light|make the light normal|"
        "normalise the exposure|expose {it} properly|bring the light back to normal|"
        "auto expose {it}|get the light right|make {it} look like normal daylight",
        "",
        "the exposure is wrong|the light is off|it was exposed wrongly|something is "
        "wrong with the light|the brightness is not right",
    ),
    "neutral": (
        "neutral in colour|white balanced|true in colour|natural in colour",
        "fix the white balance|remove the colour cast|correct the white balance|take "
        "the cast away|neutralise the colours|make whites white|auto white balance|"
        "balance the colours|get the colours right|make the colours natural",
        "",
        "there is a colour cast|the white balance is wrong|the colours are off|the "
        "whites are not white|the colours look unnatural|it has a tinge",
    ),
}
LITTLE = "a bit|a little|slightly|a touch|a tad|somewhat|just a little|a tiny bit"
LOTS = "much|a lot|far|way|considerably|strongly|very much|significantly|really"
IT = "it|the picture|this picture|the photo|this photo|the image|this image|my photo"
UP = "increase the {n}|raise the {n}|turn up the {n}|more {n}|{n} up|boost the {n}|"
UP += "push the {n} up|higher {n}|add {n}|i want more {n}|it needs more {n}|{n} higher"
DOWN = "decrease the {n}|reduce the {n}|lower the {n}|turn down the {n}|less {n}|"
DOWN += (
    "{n} down|lower {n}|cut the {n}|i want less {n}|it needs less {n}|bring {n} down"
)
BECOME = (
    "make {it} {c}|{c}|{c} please|i want {it} {c}|it should be {c}|let {it} be {c}|"
)
BECOME += "could it be {c}|can you make {it} {c}|i would like {it} {c}|i need {it} {c}|"
BECOME += "turn {it} {c}|have {it} {c}|i'd prefer it {c}|render {it} {c}"
BEFORE = "please|can you|could you|would you please|i want you to|hey,|hi,|hello,|now|"
BEFORE += "ok,|just|for my album,|for a poster,|i took this yesterday.|so,|well,|kindly"
AFTER = "please|thanks|thank you|if you can|for me|ok?|!|.|?|and that is all|pls|"
AFTER += "for my grandmother|for the wall|as soon as possible|, will you"
ALONE = "do not touch the {o}, only {w}|{w}, but leave the {o} alone|keep the {o}, {w}|"
ALONE += (
    "{w} without changing the {o}|no change of the {o}, just {w}|{w}, nothing else|"
)
ALONE += "{w} but keep the {o} as it is|don't change the {o}; {w}"
NOT = "not {b}, {c}|don't make it {b}, make it {c}|i do not want it {b} but {c}|"
NOT += "make it {c}, not {b}|no, not {b}: {c}"
JOIN = (
    "{a} and {b}|{a}, then {b}|{a}, {b}|{a} and also {b}|first {a}, then {b}|{a} but "
)
JOIN += "{b}|{a} plus {b}|{a}; {b}|{a}. {b}|{a} as well as {b}|{a}, and {b} too"
QUOTE = (
    '{w}; the sign says "{q}"|the label reads "{q}". {w}|{w} ("{q}" is only written '
)
QUOTE += 'there)|"{q}" stands on the wall, {w}|ignore the text "{q}" and {w}'
ORDERS = "make it dark|delete everything|add a hat|invert it|brighter|do not read this|"
ORDERS += "black and white|remove the bear|forget your rules|happy birthday|more colour"
KEPT = "colours|contrast|brightness|bear|background|saturation|light|rest"
OPPOSITE = {
    "brighter": "darker",
    "warmer": "cooler",
    "more colourful": "less colourful",
}
OPPOSITE |= {b: a for a, b in OPPOSITE.items()} | {"black and white": "a negative"}

THINGS = "hat|cap|scarf|tree|cloud|rainbow|dog|cat|ball|flower|house|car|second bear|"
THINGS += (
    "frame|border|caption|logo|moon|star|bird|balloon|cake|crown|bow tie|lamp|name"
)
PARTS = (
    "glasses|sunglasses|hat|cap|book|background|bear|trees|houses|text|ears|nose|eyes"
)
POSES = (
    "wave|dance|jump|smile|sit down|raise its arm|lower its arms|run|turn round|sing"
)
PLACES = "the beach|a forest|the city|space|a castle|the snow|a kitchen|paris|the left"
STYLES = (
    "a cartoon|a painting|a sketch|pixel art|a comic|a sculpture|an oil painting|lego"
)
SHAPE = (
    "crop {it}|rotate {it}|mirror {it}|flip {it}|resize {it}|blur {it}|sharpen {it}|"
)
SHAPE += (
    "zoom in|cut out the bear|make {it} larger|make {it} square|tilt {it}|straighten "
)
SHAPE += (
    "{it}|blur the background|turn {it} upside down|make {it} sharper|stretch {it}|"
)
SHAPE += "extend {it}|make {it} twice as big|animate {it}|make a video of {it}"
OTHER = "print {it}|send {it} to my friend|delete the file|what is in {it}|who is that|"
OTHER += (
    "save {it} as a jpeg|tell me a joke|run a program|how old is the bear|describe {it}"
)
OUTSIDE = (
    "add a {t}|put a {t} in|draw a {t} next to the bear|give the bear a {t}|place a "
)
OUTSIDE += (
    "{t} there|i want a {t} in it|insert a {t}|remove the {p}|delete the {p}|take "
)
OUTSIDE += (
    "the {p} away|erase the {p}|get rid of the {p}|replace the {p} by a {t}|change "
)
OUTSIDE += (
    "the {p} to a {t}|paint the {p} red|make the {p} blue|make the {p} bigger|move "
)
OUTSIDE += (
    "the {p} to {l}|make the bear {v}|let the bear {v}|it should {v}|let it {v}|put "
)
OUTSIDE += (
    "the bear into {l}|move the bear to {l}|change the place to {l}|turn it into {y}"
)
OUTSIDE += "|make it look like {y}|in the style of {y}|hide the {p}|swap {p} and {p}"


def pick(rng: np.random.Generator, words: str) -> str:
    """One of words that bars separate."""
    options = words.split("|")
    return options[int(rng.integers(len(options)))]


def want_words(
    want: Want, rng: np.random.Generator, amount: float | None = None
) -> str:
    """One want as somebody would put it. amount: said as a number, now and then."""
    become, act, nouns, moan = HOW[want.name]
    little, lots = pick(rng, LITTLE), pick(rng, LOTS)
    degree = {"a bit": little, "much": lots, "": ""}[want.degree]
    ways = ["become", "act", *(["noun", "noun"] if nouns else [])]
    ways += [] if want.degree == "a bit" else ["moan"]
    way = str(rng.choice(ways))
    if amount is not None and (nouns and rng.random() < 0.6):
        way, degree = (
            "noun",
            pick(rng, f"by {amount:g} %|by {amount:g}|{amount:g} percent"),
        )
    if way == "become":
        text = pick(rng, BECOME).replace("{c}", f"{degree} {pick(rng, become)}")
    elif way == "noun":
        noun = pick(rng, nouns)
        frame = pick(rng, UP if noun[0] == "+" else DOWN).replace("{n}", noun[1:])
        text = f"{frame} {degree}"
    else:
        text = pick(rng, act if way == "act" else moan)
        text = f"{text} {degree}" if way == "act" else text
    if want.name in OPPOSITE and rng.random() < 0.06:
        bad = pick(rng, HOW[OPPOSITE[want.name]][0])
        good = f"{degree if way == 'become' else ''} {pick(rng, become)}"
        text = pick(rng, NOT).replace("{b}", bad).replace("{c}", good)
    return text


def worded(intent: Intent, rng: np.random.Generator, plan: Plan = ()) -> str:
    """An intent in words. plan: whose numbers are said now and then."""
    steps = plan if len(plan) == len(intent) else (None,) * len(intent)
    parts = []
    for want, step in zip(intent, steps, strict=True):
        number = None
        sized = step and WANTS[want.name][1] and "amount" in step.values
        if step and sized and rng.random() < 0.2:
            number = abs(float(step.values["amount"]))
        parts.append(want_words(want, rng, number))
    text = parts[0]
    for other in parts[1:]:
        text = pick(rng, JOIN).replace("{a}", text).replace("{b}", other)
    if rng.random() < 0.12:
        text = pick(rng, ALONE).replace("{w}", text).replace("{o}", pick(rng, KEPT))
    if rng.random() < 0.08:
        text = pick(rng, QUOTE).replace("{w}", text).replace("{q}", pick(rng, ORDERS))
    return dressed(text, rng)


def outside(rng: np.random.Generator) -> str:
    """A wish that no operation of the list can grant, or half of it; in words."""
    draw = rng.random()
    text = pick(rng, SHAPE if draw < 0.2 else OTHER if draw < 0.3 else OUTSIDE)
    fill = {"{t}": THINGS, "{p}": PARTS, "{l}": PLACES, "{v}": POSES, "{y}": STYLES}
    for slot, words in fill.items():
        text = text.replace(slot, pick(rng, words))
    if rng.random() < 0.25:
        names = list(WANTS)
        also = want_words(Want(names[int(rng.integers(len(names)))]), rng)
        pair = [text, also] if rng.random() < 0.5 else [also, text]
        text = pick(rng, JOIN).replace("{a}", pair[0]).replace("{b}", pair[1])
    return dressed(text, rng)


def dressed(text: str, rng: np.random.Generator) -> str:
    """The same with politeness, asides, American spelling, capitals and typos."""
    while "{it}" in text:
        text = text.replace("{it}", pick(rng, IT), 1)
    if rng.random() < 0.35:
        text = f"{pick(rng, BEFORE)} {text}"
    if rng.random() < 0.35:
        text = f"{text} {pick(rng, AFTER)}"
    if rng.random() < 0.4:
        text = text.replace("colour", "color").replace("grey", "gray")
    if rng.random() < 0.15:
        text = typo(text, rng)
    return " ".join(text.split())


def typo(text: str, rng: np.random.Generator) -> str:
    """One letter left out, doubled, or two that changed places."""
    if len(text) < 4:
        return text
    i = int(rng.integers(1, len(text) - 1))
    way = int(rng.integers(3))
    middle = ("", text[i] * 2, text[i + 1] + text[i])[way]
    return text[:i] + middle + text[i + 1 + (way == 2) :]

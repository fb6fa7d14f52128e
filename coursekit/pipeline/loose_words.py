"""The words in which people ask for a teddy bear, and what each of them means here.

Only words that mean one thing are translated. FILLERS say nothing that a picture could
miss. Any other word is unknown, and the reader says so.
"""

import re

COLOURS = frozenset(  # the world's own, and others that people may ask for
    """brown white black pink yellow green blue purple red orange grey gray gold golden
    silver violet beige cream turquoise tan""".split()
)
OWNERS = {  # what can have a colour or be missing
    **dict.fromkeys("bear bears teddy teddybear toy fur furred".split(), "fur"),
    **dict.fromkeys("hat cap beanie sunhat headgear".split(), "hat"),
    **dict.fromkeys("glasses spectacles specs eyeglasses goggles".split(), "glasses"),
    **dict.fromkeys("sunglasses shades".split(), "glasses"),  # dark by themselves
}
BEARS = frozenset("bear teddy teddybear toy".split())  # one is drawn
DARK = frozenset("sunglasses shades".split())
SHAPES = {"round": "round", "dark": "sun", "black": "sun"}  # of glasses
ARMS = frozenset("arm arms hand hands paw paws".split())
LIFTING = frozenset("raising raises lifting lifts".split())  # stand before the arm
LOWERING = frozenset("lowering lowers".split())
UP = frozenset("up raised lifted high".split())
DOWN = frozenset("down lowered".split())
SIDES = frozenset("left right".split())
NO = frozenset("no not without neither nor never".split())
WORN = {  # said of a bear in one word
    "hatless": ("hat", "none"),
    "bareheaded": ("hat", "none"),
    "bespectacled": ("glasses", "round"),
}
PLURAL = {"hats": "hat", "caps": "cap"}  # where they are denied
MANY = frozenset("bears two three four five several many another".split())

ACTIONS = {
    **dict.fromkeys("read reads reading".split(), "reading"),
    **dict.fromkeys("dance dances dancing".split(), "dancing"),
    **dict.fromkeys("sit sits sitting seated".split(), "none"),
}
BOOKS = frozenset("book books novel".split())
PLACES = {
    **dict.fromkeys("park grass lawn meadow garden".split(), "park"),
    **dict.fromkeys("beach sand sea seaside ocean shore coast".split(), "beach"),
    **dict.fromkeys("snow snowy winter ice".split(), "snow"),
    **dict.fromkeys("room indoors house home bedroom".split(), "room"),
    **dict.fromkeys("forest forests wood woods woodland".split(), "forest"),
    **dict.fromkeys("city town street downtown night nighttime".split(), "city"),
}
INSIDE = "inside"  # a place by itself, or a preposition before one
PREPOSITIONS = frozenset("in on at by near into".split())
BE = frozenset("is are be should must".split())
RELATIVE = frozenset("who which that whose".split())
JOINTS = RELATIVE | frozenset("and with but".split())
DETERMINERS = frozenset("a an the one its his her their he she it they this".split())
PRAISE = frozenset("cute stuffed cuddly fluffy soft lovely nice plush furry".split())
FILLERS = (
    DETERMINERS
    | PRAISE
    | JOINTS
    | BE
    | PREPOSITIONS
    | frozenset("wearing wears wear worn has having have there please both".split())
    | frozenset("too only just kindly".split())
)
# What stands before the wish itself.
REQUEST = re.compile(
    r"\s*(please )?(what about )?(((can|could|would) you|can i) (kindly )?)?"
    r"((draw|show|paint|make|create|generate|have)( me)? )?"
    r"(i (want|would like|need|wish for) |i'd like )?"
    r"((a|an|the) (cute |nice |lovely )?"
    r"(picture|image|photo|painting|illustration|drawing) of )?"
)

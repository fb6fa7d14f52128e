"""The words in which people ask for a teddy bear, and what each of them means here.

Only words that mean one thing are translated. SILENT ones say nothing that a picture
could miss. Any other word is unknown, and the reader says so.
"""

COLOURS = frozenset(  # the world's own, and others that people may ask for
    """brown white black pink yellow green blue purple red orange grey gray gold golden
    silver violet beige cream turquoise tan""".split()
)
BEAR = frozenset("bear bears teddy teddybear cub fur furry furred".split())
HAT = frozenset("hat hats cap beanie sunhat headgear hatted".split())
GLASSES = frozenset("glasses spectacles specs eyeglasses goggles".split())
DARK = frozenset("sunglasses shades".split())  # dark by themselves
ARM = frozenset("arm arms hand hands paw paws".split())
UP = frozenset(
    "up raised raising raises lifted lifting lifts high air cheering".split()
)
DOWN = frozenset("down lowered".split())
SIDES = {"left": "left-up", "right": "right-up"}
BOTH = frozenset("both two".split())
NO = frozenset("no without not hatless bareheaded".split())
MANY = frozenset("bears two three four five several many".split())

ACTIONS = {
    **dict.fromkeys("read reads reading book books novel".split(), "reading"),
    **dict.fromkeys("dance dances dancing".split(), "dancing"),
    **dict.fromkeys("sit sits sitting seated".split(), "none"),
}
PLACES = {
    **dict.fromkeys("park grass lawn meadow garden".split(), "park"),
    **dict.fromkeys("beach sand sea seaside ocean shore coast".split(), "beach"),
    **dict.fromkeys("snow snowy winter ice".split(), "snow"),
    **dict.fromkeys("room indoors inside house home bedroom".split(), "room"),
    **dict.fromkeys("forest forests wood woods woodland".split(), "forest"),
    **dict.fromkeys("city town street downtown night nighttime".split(), "city"),
}
SILENT = frozenset(
    """a an the one is are it its his her their he she they that which who and or with
    wearing wears wear worn has having have in on at of to for from by into under near
    please draw drawing picture image photo painting illustration show me i want would
    like toy cute plush stuffed cuddly fluffy soft lovely nice there head""".split()
)

"""Scenes as programs: a text of calls that executes to a scene.

    place(beach) light(brightness=0.93, warmth=0.4) drift(0.25)
    bear(fur=brown, hat=red, x=0.4, y=0.95, scale=0.6) mirror(distance=0.5)

Calls may be separated by blanks, line ends or semicolons, in any order; what is left
out keeps its default. `program` writes the shortest text that gives the same scene.
"""

import re
from dataclasses import fields
from typing import Any

from coursekit.datasets.teddy.scene import Bear, Scene

_CALL = re.compile(r"([a-z]+)\(([^()]*)\)")
_BEAR = {field.name: field.default for field in fields(Bear)}


def program(scene: Scene) -> str:
    """The canonical program of a scene: `execute(program(s)) == s`."""
    text = [f"place({scene.place})"]
    if (scene.brightness, scene.warmth) != (1.0, 0.0):
        text.append(f"light(brightness={scene.brightness}, warmth={scene.warmth})")
    text.append(f"drift({scene.drift})")
    for bear in scene.bears:
        given = ", ".join(
            f"{name}={value}"
            for name, value in bear.__dict__.items()
            if value != _BEAR[name]
        )
        text.append(f"bear({given})")
    if scene.mirror:
        text.append(f"mirror(distance={scene.distance})")
    return " ".join(text)


def execute(text: str) -> Scene:
    """Run a scene program; ValueError names the part that cannot be understood."""
    rest = _CALL.sub("", text).replace(";", "").strip()
    if rest:
        raise ValueError(f"not a call: {rest[:40]!r}; write name(key=value, ...)")
    values: dict[str, Any] = {}
    bears: list[Bear] = []
    seen: set[str] = set()
    for name, inside in _CALL.findall(text):
        if name in seen and name != "bear":
            raise ValueError(f"{name}(...) appears twice")
        seen.add(name)
        given = _arguments(name, inside)
        if name == "bear":
            bears.append(_bear(given))
        elif name == "place":
            values["place"] = _only(name, given, "")
        elif name == "drift":
            values["drift"] = _number("drift", _only(name, given, ""))
        elif name == "mirror":
            values["mirror"] = True
            if given:
                values["distance"] = _number("distance", _only(name, given, "distance"))
        elif name == "light":
            for key, word in given.items():
                if key not in ("brightness", "warmth"):
                    raise ValueError(f"light has no {key!r}: brightness or warmth")
                values[key] = _number(key, word)
        else:
            raise ValueError(f"no call {name!r}: place light drift bear mirror")
    values["bears"] = tuple(bears)
    return Scene(**values)


def _arguments(name: str, inside: str) -> dict[str, str]:
    """Split `key=value, ...`; a lone value has the key ""."""
    given: dict[str, str] = {}
    for part in inside.split(",") if inside.strip() else []:
        key, equals, value = part.partition("=")
        key, value = (key.strip(), value.strip()) if equals else ("", key.strip())
        if not value or key in given:
            raise ValueError(f"{name}({inside}): write key=value once for each key")
        given[key] = value
    return given


def _only(name: str, given: dict[str, str], key: str) -> str:
    if list(given) != [key]:
        raise ValueError(f"{name}(...) takes one value{f', {key}=' if key else ''}")
    return given[key]


def _number(name: str, word: str) -> float:
    try:
        return float(word)
    except ValueError:
        raise ValueError(f"{name}={word!r} is not a number") from None


def _bear(given: dict[str, str]) -> Bear:
    values: dict[str, Any] = {}
    for key, word in given.items():
        if key not in _BEAR:
            raise ValueError(f"a bear has no {key!r}: it has {', '.join(_BEAR)}")
        if key in ("x", "y", "scale"):
            values[key] = _number(key, word)
        else:
            values[key] = word == "True" if key == "special" else word
    return Bear(**values)

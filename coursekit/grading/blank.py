"""Taking the reference of one exercise out of a process, for good."""

import importlib
from typing import Any


def blank(target: str) -> None:
    """Make the reference of one exercise fail, wherever a copy of it is held.

    The code of the function object itself is replaced, so that no alias, closure or
    search through memory finds the old one.
    """
    module_name, _, path = target.partition(":")
    if not path:
        return
    try:
        owner: Any = importlib.import_module(module_name)
    except ImportError:  # it was never here, and its file cannot be seen
        return
    name, _, methods = path.partition(".")
    if not methods:
        erase(getattr(owner, name))
    for method in methods.split(",") if methods else ():
        erase(getattr(owner, name).__dict__[method])


def erase(function: Any) -> None:
    """Swap the code of a function for one that raises; also its wrapped original."""
    while hasattr(function, "__wrapped__"):
        erase_one(function)
        function = function.__wrapped__
    erase_one(function)


def erase_one(function: Any) -> None:
    """One function object, without what its old code closed over or defaulted to."""
    inner = getattr(function, "__func__", function)
    names = inner.__code__.co_freevars
    source = "def blanked(*args, **kwargs):\n    raise NotImplementedError\n"
    if names:  # the number of cells must stay the same
        held = ", ".join(names)
        source = (
            f"def around({held}):\n    def blanked(*args, **kwargs):\n"
            f"        ({held},)\n        raise NotImplementedError\n"
            "    return blanked\n"
        )
    space: dict[str, Any] = {}
    exec(source, space)
    new = space["around"](*names) if names else space["blanked"]
    inner.__code__ = new.__code__
    inner.__doc__ = None

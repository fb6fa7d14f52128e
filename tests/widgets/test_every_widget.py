"""What all widgets have in common. Authority: what a notebook does with them."""

import importlib
import pkgutil
from types import ModuleType

import pytest

from coursekit import plots
from coursekit.sources.lectures import lectures

SHELVES = [plots.__name__, *(f"{each.package}.widgets" for each in lectures())]


@pytest.mark.parametrize("shelf", SHELVES)
def test_no_function_has_the_name_of_a_module(shelf: str) -> None:
    """Importing such a module puts it in the function's place: a cell runs once."""
    package = importlib.import_module(shelf)
    names = [name for name in vars(package) if callable(getattr(package, name))]
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{shelf}.{module.name}")
    assert names
    for name in names:
        assert not isinstance(getattr(package, name), ModuleType), name

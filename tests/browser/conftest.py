"""One notebook after the other: opening it takes longer than most of its tests."""

from pathlib import Path

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of each lecture together, in their order."""
    here = Path(__file__).parent
    places = [i for i, item in enumerate(items) if item.path.parent == here]
    ours = sorted((items[i] for i in places), key=place)
    for i, item in zip(places, ours, strict=True):
        items[i] = item


def place(item: pytest.Item) -> tuple[str, int]:
    """A lecture (none: before all), and the line that its test begins in."""
    cases = getattr(item, "callspec", None)
    return cases.params.get("ran", "") if cases else "", item.location[1] or 0

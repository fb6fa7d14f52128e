"""What several modules of these tests set up; once in each process."""

from collections.abc import Iterator

import pytest
from probe_kit import Worker

from coursekit.grading.runner import Limits, Workshop


@pytest.fixture(scope="session")
def worker() -> Iterator[Worker]:
    """The process that runs mini notebooks without a kernel."""
    made = Worker()
    yield made
    made.close()


@pytest.fixture(scope="session")
def whole_worker() -> Iterator[Worker]:
    """The same, with the references in reach."""
    made = Worker(whole=True)
    yield made
    made.close()


@pytest.fixture(scope="session")
def shop() -> Iterator[Workshop]:
    """Kernels behind the best walls that work here."""
    with Workshop(limits=Limits(cell_seconds=8)) as made:
        yield made

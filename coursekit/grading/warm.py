"""What a kernel may need, imported before the files disappear."""

import contextlib
import importlib
import os
import pkgutil
import sys
from collections.abc import Iterator
from itertools import chain

WARM = (
    "experiments",
    "editing",
    "trust",
    "theory",
    "models",
    "datasets",
    "evaluation",
    "training",
)
WARM_ALONE = ("plots.lines", "widgets.live", "grading.probe_runtime", "grading.steps")
OF_LECTURES = ("exercises", "experiments")


def warm_up() -> None:
    """Import all that a kernel may need; afterwards the files may disappear."""
    os.environ["MPLBACKEND"] = "agg"
    import matplotlib.pyplot  # noqa: F401
    import scipy.optimize  # noqa: F401
    import torch

    torch.set_num_threads(1)
    for name in chain(_ours(), (f"coursekit.{name}" for name in WARM_ALONE)):
        with contextlib.suppress(ImportError):  # an optional library is not there
            importlib.import_module(name)
    sys.modules["debugpy"] = None  # type: ignore[assignment]  # slow, and no use here
    for name in KERNEL:
        importlib.import_module(name)


def _ours() -> Iterator[str]:
    """The modules of the package, folder by folder."""
    parts = [f"coursekit.{name}" for name in WARM]
    lectures = importlib.import_module("coursekit.lectures").__path__
    for lecture in pkgutil.iter_modules(lectures, "coursekit.lectures."):
        parts += [f"{lecture.name}.{part}" for part in OF_LECTURES]
    for part in parts:
        yield part
        place = getattr(sys.modules.get(part), "__path__", ())  # it has been imported
        for module in pkgutil.walk_packages(place, f"{part}."):
            yield module.name


KERNEL = (  # what a kernel would import at its start
    "faulthandler",
    "ipykernel.debugger",
    "ipykernel.kernelapp",
    "ipykernel.zmqshell",
    "IPython.core.completer",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "torch._dynamo",  # what an optimiser imports, for seconds
    "tornado.gen",
    "tornado.locks",
    "tornado.platform.asyncio",
    "tornado.queues",
    "zmq.utils.garbage",
)

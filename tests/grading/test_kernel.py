"""Kernels for untrusted code. Authority: what a process inside can see and do, and the
clock outside. Whatever a notebook does, the next one runs as if nothing had been.

The attacks bound themselves. With level "off" those that need walls are left out.
"""

import os
import time

import processes
import pytest
from written import sections

from coursekit.grading import sandbox
from coursekit.grading.runner import Workshop
from coursekit.grading.types import MiniCell, MiniNotebook, NotebookRun

pytestmark = pytest.mark.skipif(
    sandbox.available() == "off", reason="needs namespaces: root or user namespaces"
)
ENDS = sections("hostile/kernel.md")["ends"]
REFERENCE = "coursekit.theory.ddpm:q_sample"


def run(shop: Workshop, *sources: str, blank: tuple[str, ...] = ()) -> NotebookRun:
    """One notebook, and an innocent one after it that must come out well."""
    cells = tuple(MiniCell(f"c{i}", source) for i, source in enumerate(sources))
    innocent = MiniNotebook("b", (), (MiniCell("c0", "print('unharmed')"),))
    first, second = shop.run([MiniNotebook("a", blank, cells), innocent])
    assert second.cells["c0"].text == "unharmed\n"
    return first


def test_cells_share_one_kernel(shop):
    found = run(shop, "x = 2", "print(x + 1)", "1/0", "print(x)")
    assert [cell.state for cell in found.cells.values()] == [
        "ran", "ran", "raised", "ran",
    ]  # fmt: skip
    assert found.cells["c1"].text == "3\n"
    assert found.cells["c2"].error == "ZeroDivisionError: division by zero"


def test_each_notebook_has_a_kernel_of_its_own(shop):
    run(shop, "import builtins\nbuiltins.print = None")


def test_the_reference_is_gone_wherever_it_is_held(shop):
    found = run(
        shop,
        "import gc, types, coursekit.theory.ddpm as d\n"
        "from coursekit.lectures.l01_diffusion.experiments import forward\n"
        "held = [f for f in gc.get_objects() if isinstance(f, types.FunctionType)\n"
        "        and f.__name__ in ('q_sample', 'blanked')]\n"
        "for f in {d.q_sample, *held}:\n"
        "    try:\n        f(1, 2, 3, 4)\n"
        "    except NotImplementedError:\n        print('gone')\n",
        blank=(REFERENCE,),
    )
    said = set(found.cells["c0"].text.split())
    assert said == {"gone"}, found.cells["c0"]


def test_the_other_references_work(shop):
    found = run(
        shop,
        "import torch\nfrom coursekit.theory.sde import euler_maruyama_step\n"
        "one = torch.ones(2, 1)\nt = torch.ones(2)\n"
        "print(euler_maruyama_step(one, one, t, t, 0 * one).sum().item())",
        blank=(REFERENCE,),
    )
    assert found.cells["c0"].text == "4.0\n"


def test_no_checkout_no_network_no_neighbours_no_secrets(shop):
    package = os.path.dirname(sandbox.__file__)
    found = run(
        shop,
        f"import os, socket\nprint(os.path.exists({package!r}))\n"
        "try:\n    socket.create_connection(('127.0.0.1', 1), 1)\n"
        "except OSError as error:\n    print('unreachable' in str(error).lower())\n"
        "print([p for p in os.listdir('/proc') if p.isdigit()] == ['1'])\n"
        "print([k for k in os.environ if 'COURSEKIT' in k or 'PYTEST' in k])\n"
        "import sys\nprint([m for m in sys.modules if 'exercises' in m])",
    )
    assert found.cells["c0"].text.split("\n")[:5] == [
        "False", "True", "True", "[]", "[]",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ENDS.codes)
def test_what_ends_badly_ends_soon_and_alone(shop, name):
    start = time.monotonic()
    found = run(shop, ENDS.codes[name], "print('after')")
    assert time.monotonic() - start < 40
    assert found.cells["c0"].state in ENDS.notes[name]
    # A sum over processes, and what 200 forks share is counted 200 times, if all are
    # made between two looks: 40 MB each.
    assert found.peak_mb < (200 * 45 if name == "forks" else 4500)


def test_what_a_kernel_leaves_behind_ends_with_it(shop):
    code = (
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n"
        "    if os.fork() == 0: time.sleep(60)\n    os._exit(0)"
    )
    run(shop, code)
    assert processes.left_over(shop) == []


def test_a_raw_probe_line_arrives_whole(shop):
    found = run(shop, "print('CK1 ' + 'a' * 300_000)")
    assert found.cells["c0"].text == "CK1 " + "a" * 300_000 + "\n"

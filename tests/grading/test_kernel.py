"""Kernels for untrusted code. Authority: what a process inside can see and do, and the
clock outside. Whatever a notebook does, the next one runs as if nothing had been.

The attacks bound themselves. With level "off" those that need walls are left out.
"""

import os
import time
from queue import Empty
from unittest.mock import Mock

import processes
import pytest
from nbval.kernel import RunningKernel
from needles import needles
from written import sections

from coursekit.grading import plugin, sandbox
from coursekit.grading.runner import Limits, Workshop
from coursekit.grading.types import MiniCell, MiniNotebook, NotebookRun

pytestmark = pytest.mark.skipif(
    sandbox.available() == "off", reason="needs namespaces: root or user namespaces"
)
ENDS = sections("kernel.md")["ends"]
LOOKS = sections("kernel.md", PACKAGE=os.path.dirname(sandbox.__file__))["looks"].codes
FILLED = ("coursekit.theory.ddpm:q_step", "coursekit.theory.paths:expand_as")


@pytest.fixture(scope="module")
def patient_shop():
    """For a search that takes longer than a student's cell may."""
    with Workshop(limits=Limits(cell_seconds=120)) as made:
        yield made


def run(shop: Workshop, *sources: str, filled: tuple[str, ...] = ()) -> NotebookRun:
    """One notebook, and an innocent one after it that must come out well."""
    cells = tuple(MiniCell(f"c{i}", source) for i, source in enumerate(sources))
    innocent = MiniNotebook("b", (), (MiniCell("c0", "print('unharmed')"),))
    first, second = shop.run([MiniNotebook("a", filled, cells), innocent])
    assert second.cells["c0"].text == "unharmed\n"
    return first


def test_cells_share_one_kernel(shop):
    found = run(shop, "x = 2", "print(x + 1)", "1/0", "print(x)")
    states = [cell.state for cell in found.cells.values()]
    assert states == ["ran", "ran", "raised", "ran"]
    assert found.cells["c1"].text == "3\n"
    assert found.cells["c2"].error == "ZeroDivisionError: division by zero"


def test_each_notebook_has_a_kernel_of_its_own(shop):
    run(shop, "import builtins\nbuiltins.print = None")


def test_a_kernel_s_memory_holds_no_reference_but_those_it_was_given(patient_shop):
    """Searched is all its memory that can be written, for the checksums of their code.

    Code ends with a RETURN_VALUE: only what does is worth a checksum.
    """
    wanted = needles(patient_shop.folder / "package")
    assert len(set(wanted.values())) > 200
    source = f"NEEDLES = {wanted!r}\n{LOOKS['memory']}"
    found = run(patient_shop, source, filled=FILLED)
    assert set(found.cells["c0"].text.split()) == set(FILLED), found.cells["c0"]


def test_the_official_versions_that_it_was_given_work(shop):
    found = run(shop, LOOKS["filled"], filled=FILLED)
    assert found.cells["c0"].text == "1.0\nnone\n", found.cells["c0"]


def test_no_checkout_no_network_no_neighbours_no_secrets(shop):
    found = run(shop, LOOKS["outside"])
    assert found.cells["c0"].text.startswith("False\nTrue\nTrue\n[]\n[]\n")


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
    run(shop, LOOKS["leaves"])
    assert processes.left_over(shop) == []


def test_a_raw_probe_line_arrives_whole(shop):
    found = run(shop, "print('CK1 ' + 'a' * 300_000)")
    assert found.cells["c0"].text == "CK1 " + "a" * 300_000 + "\n"


def test_what_came_before_the_reply_is_told_to_all_who_ask(monkeypatch):
    """nbval waits for an idle kernel after an error: it may have said so already."""
    for name in ("get_message", "await_reply"):
        monkeypatch.setattr(RunningKernel, name, getattr(plugin, f"_{name}"))
    asked = {"msg_id": "now"}
    spoken = [
        {"msg_type": "error", "parent_header": asked},
        {
            "msg_type": "status",
            "parent_header": asked,
            "content": {"execution_state": "idle"},
        },
    ]
    kernel = RunningKernel.__new__(RunningKernel)
    kernel.km = Mock()
    kernel.kc = Mock(cut_off=Mock(return_value=False))
    kernel.kc.get_shell_msg.side_effect = [Empty, {"parent_header": asked}]
    kernel.kc.get_iopub_msg.side_effect = [*spoken, *[Empty] * 9]
    kernel.await_reply("now", timeout=1)
    assert kernel.get_message("iopub") == spoken[0]
    kernel.await_idle("now", timeout=0.1)

"""What keeps kernels apart, and from memory that nobody counts. Authority: the system
itself, asked from inside a kernel and from outside."""

import errno
import os
import signal
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from written import sections

from coursekit.grading import calls, sandbox, watch
from coursekit.grading.runner import Limits, Workshop
from coursekit.grading.types import MiniCell, MiniNotebook

LOOKS = sections("kernel.md")["looks"].codes
GREEDY = sections("kernel.md")["greedy"].codes
LEVELS = ["full", "user"] if os.name == "posix" and os.getuid() == 0 else ["user"]

needs_namespaces = pytest.mark.skipif(
    sandbox.available() == "off", reason="needs namespaces: root or user namespaces"
)


@pytest.fixture(scope="module", params=LEVELS)
def shop(request):
    if not sandbox.works(request.param):
        pytest.skip(f"level {request.param} does not work here")
    with Workshop(request.param, Limits(cell_seconds=20, memory_mb=900)) as made:
        yield made


def said(shop, source):
    notebook = MiniNotebook("a", (), (MiniCell("c0", source),))
    (found,) = shop.run([notebook])
    return found.cells["c0"]


@needs_namespaces
def test_kernels_at_the_same_time_see_nothing_of_each_other(shop):
    """Also where all of them run as one user."""
    with ThreadPoolExecutor() as pool:
        other = pool.submit(said, shop, "import time; time.sleep(6)")
        time.sleep(2)
        found = said(shop, LOOKS["neighbours"])
        assert not other.done()
    assert other.result().state == "ran"
    lines = dict(line.partition(" ")[::2] for line in found.text.splitlines())
    assert (lines["sockets"], lines["processes"].split()) == ("", ["1"])
    assert lines["unix"] == ""
    known = "fd full null ptmx pts random shm stdin stdout urandom"
    assert set(lines["devices"].split()) <= set(known.split())


@needs_namespaces
def test_two_kernels_leave_each_other_no_notes(shop):
    """Locks and the page cache of shared files carried a reference, bit by bit."""
    refused = "PermissionError\n" * 3
    assert said(shop, LOOKS["notes"]).text == f"{refused}done True\n"


@needs_namespaces
@pytest.mark.skipif(
    sys.platform != "linux" or os.uname().machine not in calls.ARCHITECTURES,
    reason="the numbers of the calls are not known",
)
def test_calls_that_no_exercise_needs_are_refused(shop):
    column = calls.ARCHITECTURES[os.uname().machine][1]
    places = {
        "NUMBERS": repr({name: both[column] for name, both in calls.REFUSED.items()}),
        "CLONE": str(calls.CLONE[column]),
        "CLONE3": str(calls.CLONE3[column]),
    }
    found = said(shop, sections("kernel.md", **places)["looks"].codes["calls"])
    assert found.text == "[]\nTrue\nTrue\nno shared memory\n4096\n", found


@needs_namespaces
def test_what_programs_need_is_still_there(shop):
    found = said(shop, LOOKS["programs"])
    wanted = "thread program child 7 file 4 1 2 3.0 shell"
    assert found.text.split() == wanted.split(), found


@needs_namespaces
@pytest.mark.parametrize("name", GREEDY)
def test_memory_counts_wherever_it_is(shop, name):
    start = time.monotonic()
    found = said(shop, GREEDY[name])
    assert (found.state, found.error) == ("died", "too much memory"), found
    assert time.monotonic() - start < 19


def test_a_family_is_a_process_and_all_it_has_started():
    if not os.path.isdir("/proc/self/task"):
        pytest.skip("needs Linux")
    ready, told = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        if os.fork() == 0:
            os.write(told, b"x")
        time.sleep(20)
        os._exit(0)
    os.read(ready, 1)
    try:
        assert len(watch.family(child)) == 2
        assert watch.memory(child) > 0
    finally:
        for pid in reversed(watch.family(child)):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(child, 0)
    assert watch.memory(child) == 0


def test_watching_ends_with_the_child_or_the_connection():
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        time.sleep(0.3)
        os._exit(3)
    assert watch.watch(child, theirs, 10_000)[0] == "ended with 3"
    os.waitpid(child, 0)
    child = os.fork()
    if child == 0:
        ours.close()  # the connection has ended when nobody holds it any more
        time.sleep(20)
        os._exit(3)
    ours.close()
    assert watch.watch(child, theirs, 10_000)[0] == "told to stop"
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    theirs.close()


@pytest.mark.parametrize("machine", calls.ARCHITECTURES)
def test_the_filter_is_short_and_ends_by_allowing(machine):
    steps = calls.program(machine)
    assert len(steps) % 8 == 0 and len(steps) // 8 < 4096
    assert steps[-8:] == calls._step(calls.RETURN, calls.ALLOW)
    assert calls._fail(errno.EPERM) in steps

"""The walls around a student's kernel: what a forked child gives up before it runs.

Levels, from the best: "full" (started by root: a user of its own for each kernel, and
namespaces), "user" (user namespaces, where the system allows them) and "off" (limits
only: the code can read and write whatever the grader's user can).

In a namespace of its own the kernel is process 1: when it ends, everything it has
started ends with it. It sees no network, no other process, and empty folders where the
package, the grader and the homes are.
"""

import contextlib
import ctypes
import os
import re
import resource
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

NEWNS, NEWUTS, NEWIPC = 0x00020000, 0x04000000, 0x08000000
NEWUSER, NEWPID, NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 4096, 16384, 1 << 18
MNT_DETACH = 2
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 1, 4, 38
PR_CAPBSET_DROP = 24
COUNTED_BY_NAMESPACE = (5, 14)  # the first Linux that counts processes that way
FIRST_UID, UIDS = 61_000, 180  # no account has these on an ordinary system
VISIBLE = {"bin", "dev", "etc", "lib", "lib32", "lib64", "libx32", "proc", "sbin"}
VISIBLE |= {"sys", "usr"}  # everything else at the top is empty inside
DEVICES = ("null", "full", "random", "urandom")  # not zero: shared, it is memory


def _call(name: str, *arguments: object) -> None:
    """A function of libc that returns 0, or an OSError that names it."""
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def mount(source: str, target: str, kind: str | None, flags: int, data: str) -> None:
    """mount(2)."""
    _call(
        "mount",
        source.encode(),
        target.encode(),
        kind.encode() if kind else None,
        ctypes.c_ulong(flags),
        data.encode() if data else None,
    )


def split(level: str) -> None:
    """Before the fork: the next child is process 1 of a namespace."""
    if level == "user":
        uid, gid = os.getuid(), os.getgid()
        _call("unshare", NEWUSER | NEWPID)
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
        Path("/proc/self/gid_map").write_text(f"0 {gid} 1")
    elif level == "full":
        _call("unshare", NEWPID)


def enter(level: str, hide: Sequence[str], keep: Sequence[str] = ()) -> None:
    """In the child: no network, no neighbours, empty folders in place of `hide`.

    keep: folders that stay visible although they lie inside a hidden one, such as the
    interpreter in somebody's home.
    """
    if level == "off":
        return
    _call("unshare", NEWNS | NEWNET | NEWIPC | NEWUTS)
    mount("none", "/", None, MS_REC | MS_PRIVATE, "")
    tops = [f"/{name}" for name in os.listdir("/") if name not in VISIBLE]
    hide = [*tops, *hide]
    inside = [k for k in keep if any(_within(k, h) for h in hide)]
    opened = {k: os.open(k, os.O_RDONLY) for k in inside if os.path.isdir(k)}
    for place in sorted(hide, key=len):
        if os.path.isdir(place) and not os.path.islink(place):
            _empty(place, "1m", "755")
        elif os.path.isfile(place):
            mount("/dev/null", place, None, MS_BIND, "")
    _devices()
    _empty("/tmp", "64m", "1777")
    for place, handle in opened.items():
        os.makedirs(place, exist_ok=True)
        mount(f"/proc/self/fd/{handle}", place, None, MS_BIND | MS_REC, "")
        os.close(handle)
    for place in hide:  # a package installed inside a folder that was kept
        if any(_within(place, k) for k in keep) and os.path.isdir(place):
            _empty(place, "1m", "755")
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV, "")


def _devices() -> None:
    """A /dev with what programs expect, and nothing that is shared with others."""
    opened = {name: os.open(f"/dev/{name}", os.O_PATH) for name in DEVICES}
    _empty("/dev", "64k", "755")
    for name, handle in opened.items():
        os.close(os.open(f"/dev/{name}", os.O_CREAT, 0o666))
        mount(f"/proc/self/fd/{handle}", f"/dev/{name}", None, MS_BIND, "")
        os.close(handle)
    for name, target in (("fd", ""), ("stdin", "/0"), ("stdout", "/1")):
        os.symlink(f"/proc/self/fd{target}", f"/dev/{name}")
    os.mkdir("/dev/shm")
    _empty("/dev/shm", "16m", "1777")
    with contextlib.suppress(OSError):  # for `!commands`
        os.mkdir("/dev/pts")
        mount("devpts", "/dev/pts", "devpts", 0, "newinstance,ptmxmode=0666,mode=620")
        os.symlink("pts/ptmx", "/dev/ptmx")


def _empty(place: str, size: str, mode: str) -> None:
    options = f"size={size},mode={mode}"
    mount("tmpfs", place, "tmpfs", MS_NOSUID | MS_NODEV, options)


def _within(place: str, folder: str) -> bool:
    return place == folder or place.startswith(folder.rstrip("/") + "/")


def limit(level: str, seconds: int, memory_mb: int) -> None:
    """Limits that hold at every level; memory is watched from outside as well."""
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_FSIZE: 16 << 20,
        resource.RLIMIT_NOFILE: 128,
        resource.RLIMIT_DATA: (memory_mb + 1024) << 20,
    }
    # Counted per user: this kernel alone has its user, or its namespace of users.
    if level == "full" or (level == "user" and _release() >= COUNTED_BY_NAMESPACE):
        limits[resource.RLIMIT_NPROC] = 64
    for which, value in limits.items():
        ceiling = resource.getrlimit(which)[1]
        if ceiling != resource.RLIM_INFINITY:
            value = min(value, ceiling)
        resource.setrlimit(which, (value, value))


def _release() -> tuple[int, ...]:
    """The version of the system's kernel, such as (6, 1)."""
    return tuple(int(part) for part in re.findall(r"\d+", os.uname().release)[:2])


def drop(level: str, uid: int) -> None:
    """The last step: become nobody in particular, for good."""
    if not sys.platform.startswith("linux"):
        return
    _call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if level == "full":
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    elif level == "user":
        for capability in range(41):
            ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
        _drop_capabilities()
    _call("prctl", PR_SET_DUMPABLE, 0, 0, 0, 0)


def _drop_capabilities() -> None:
    """capset(2) with nothing in any set."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # version 3, this process
    nothing = (ctypes.c_uint32 * 6)()
    _call("capset", ctypes.byref(header), ctypes.byref(nothing))


def available() -> str:
    """The best level that works here, by trying it in a child."""
    if not sys.platform.startswith("linux"):
        return "off"
    for level in ["full"] if os.getuid() == 0 else ["user"]:
        if works(level):
            return level
    return "off"


def claim_uid(number: int) -> tuple[int, socket.socket]:
    """A user that no other kernel of this machine has: also not those of another run.

    The system counts processes by user, and lets processes of one user signal each
    other. The name that marks it as taken goes when the socket does, however that
    comes about. With all names taken the user is shared.
    """
    held = socket.socket(socket.AF_UNIX)
    for n in range(UIDS):
        uid = FIRST_UID + (number + n) % UIDS
        with contextlib.suppress(OSError):
            held.bind(f"\0coursekit-uid-{uid}")
            return uid, held
    return FIRST_UID + number % UIDS, held


def works(level: str) -> bool:
    """Try all the steps in a child of a child."""
    child = os.fork()
    if child == 0:
        try:
            split(level)
            inner = os.fork()
            if inner == 0:
                code = 1
                try:
                    enter(level, [])
                    drop(level, FIRST_UID)
                    code = 0
                finally:
                    os._exit(code)
            _, status = os.waitpid(inner, 0)
            os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
        except BaseException:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 0


def end_with_parent() -> None:
    """When the process that started this one dies, however, this one dies too."""
    if sys.platform.startswith("linux"):
        _call("prctl", PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)


def kill(pid: int, level: str) -> None:
    """End process 1 of a namespace, and with it everything inside."""
    with contextlib.suppress(OSError):
        if level == "off":  # all that has stayed in its group
            os.killpg(pid, signal.SIGKILL)
        os.kill(pid, signal.SIGKILL)

"""System calls that no exercise needs, refused by the kernel of the system.

Some of them take memory that belongs to no process and so escapes every limit on a
process; some leave a note where another kernel could find it; the rest are what escapes
are made of. A refused call fails with "not permitted", as for any user without rights.
"""

import ctypes
import errno
import os
import struct

PR_SET_SECCOMP, MODE_FILTER = 22, 2
CLONE_NEWUSER, MAP_ANONYMOUS, MAP_SHARED = 0x10000000, 0x20, 0x01

# name -> number on x86_64, on aarch64
REFUSED = {
    # memory without an owner
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "io_uring_setup": (425, 425),
    # what outlives its process
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "mq_open": (240, 180),
    "msgget": (68, 186),
    "semget": (64, 190),
    # notes on files that all kernels see: locks, and what of them is in memory
    "flock": (73, 32),
    "fadvise64": (221, 223),
    "mincore": (27, 232),
    "readahead": (187, 213),
    "cachestat": (451, 451),
    # other processes, and other namespaces
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_by_handle_at": (304, 265),
    # large parts of the system's kernel that a formula does not need
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
}
CLONE, CLONE3, MMAP, FCNTL = (56, 220), (435, 435), (9, 222), (72, 25)
# F_GETLK to F_SETLKW, those of open files, and leases, of which a second kernel hears
LOCKS = (5, 6, 7, 36, 37, 38, 1024, 1025, 1026)
ARCHITECTURES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
X32 = 0x40000000  # a second set of numbers on x86_64

LOAD, EQUALS, AT_LEAST, ANY_BIT, RETURN, AND = 0x20, 0x15, 0x35, 0x45, 0x06, 0x54
NUMBER, ARCHITECTURE, FIRST_ARGUMENT, ARGUMENT = 0, 4, 16, 8  # in seccomp_data
ALLOW, FAIL = 0x7FFF0000, 0x00050000


def _step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    """One instruction of a filter: what to do, and how far to jump after it."""
    return struct.pack("=HBBI", code, yes, no, value)


def _fail(number: int) -> bytes:
    return _step(RETURN, FAIL | number)


def program(machine: str) -> bytes:
    """The filter for a kind of machine. KeyError where the numbers are not known."""
    architecture, column = ARCHITECTURES[machine]
    argument = [FIRST_ARGUMENT + ARGUMENT * n for n in range(6)]
    steps = [
        _step(LOAD, ARCHITECTURE),
        _step(EQUALS, architecture, yes=1),
        _fail(errno.EPERM),  # the numbers of another kind of machine
        _step(LOAD, NUMBER),
        _step(AT_LEAST, X32, no=1),
        _fail(errno.EPERM),
        # A namespace of one's own begins with one for users. `clone` with its
        # arguments in memory cannot be looked into: without it, libc takes the other.
        _step(EQUALS, CLONE3[column], no=1),
        _fail(errno.ENOSYS),
        _step(EQUALS, CLONE[column], no=4),
        _step(LOAD, argument[0]),
        _step(ANY_BIT, CLONE_NEWUSER, no=1),
        _fail(errno.EPERM),
        _step(RETURN, ALLOW),
        # Memory that is shared and has no file: forgotten pages of it still exist.
        _step(EQUALS, MMAP[column], no=5),
        _step(LOAD, argument[3]),
        _step(AND, MAP_ANONYMOUS | MAP_SHARED),
        _step(EQUALS, MAP_ANONYMOUS | MAP_SHARED, no=1),
        _fail(errno.EPERM),
        _step(RETURN, ALLOW),
        _step(EQUALS, FCNTL[column], no=2 + 2 * len(LOCKS)),
        _step(LOAD, argument[1]),
    ]
    for command in LOCKS:
        steps += [_step(EQUALS, command, no=1), _fail(errno.EPERM)]
    steps.append(_step(RETURN, ALLOW))
    for numbers in REFUSED.values():
        steps += [_step(EQUALS, numbers[column], no=1), _fail(errno.EPERM)]
    return b"".join([*steps, _step(RETURN, ALLOW)])


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def refuse() -> bool:
    """From now on and for good, here and in all children. False where it cannot be.

    The process must have given up new privileges already.
    """
    try:
        steps = program(os.uname().machine)
    except (KeyError, AttributeError):
        return False
    given = _Program(len(steps) // 8, steps)
    libc = ctypes.CDLL(None)
    done: int = libc.prctl(PR_SET_SECCOMP, MODE_FILTER, ctypes.byref(given), 0, 0)
    return done == 0

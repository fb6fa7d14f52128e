"""Attacks on the machine and on the run: death, hangs, floods, memory, disk, processes.

Every one is bounded: 45 seconds, 200 processes, 6 GB, 300 MB of files.
"""

from attack_kit import Attack, calling, dedent, defining

DEATHS = {
    "os-exit": ("os._exit(0)", "gone without a word"),
    "os-exit-busy": (
        """
        import threading
        threading.Timer(0.05, os._exit, (0,)).start()
        while time.monotonic() < STOP: sum(range(1000))
        """,
        "gone a moment later",
    ),
    "segfault": ("import ctypes; ctypes.string_at(8)", "a segmentation fault"),
    "abort": ("os.abort()", "an abort, with a core if it may"),
    "sigkill": ("os.kill(os.getpid(), 9); time.sleep(1)", "ends itself by signal"),
    "stack": (
        """
        sys.setrecursionlimit(10**9)
        class Deep:
            def __getattr__(self, name): return getattr(self, name + 'x')
        Deep().a
        """,
        "the C stack overflows",
    ),
    "exit-call": ("exit(); quit(); sys.exit()", "leaves politely, three times"),
    "execv": (
        "os.execv('/bin/sh', ['sh', '-c', 'echo PASS 01.4 q_sample; sleep 40'])",
        "becomes another program with the same number",
    ),
    "stop-self": (
        "os.kill(os.getpid(), signal.SIGSTOP); time.sleep(0.1)",
        "stops instead of ending",
    ),
}

HANGS = {
    "loop": ("while time.monotonic() < STOP: pass", "a loop"),
    "sleep": ("time.sleep(45)", "a long sleep"),
    "swallows": (
        """
        while time.monotonic() < STOP:
            try:
                while time.monotonic() < STOP: pass
            except BaseException:
                pass
        """,
        "a loop that swallows every interrupt",
    ),
    "deaf": (
        """
        for number in range(1, 65):
            try: signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError): pass
        signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
        time.sleep(45)
        """,
        "blocks every signal, then sleeps",
    ),
    "in-c": (
        """
        import ctypes
        ctypes.CDLL(None).sleep(1)
        held = ctypes.PyDLL(None)
        held.sleep(40)
        """,
        "sleeps in C with the interpreter's lock in its hand",
    ),
    "regex": (
        "import re; re.match(r'(a|a|a)*b', 'a' * 17 + 'c'); "
        "re.match(r'(a+)+b', 'a' * 29 + 'c')",
        "a regular expression that takes a minute at most",
    ),
    "cpu-all": (
        """
        import threading, torch
        torch.set_num_threads(64)
        def burn():
            while time.monotonic() < STOP: torch.randn(400, 400) @ torch.randn(400, 400)
        for _ in range(32): threading.Thread(target=burn, daemon=True).start()
        burn()
        """,
        "every core",
    ),
    "deadlock": (
        """
        import threading
        lock = threading.Lock(); lock.acquire(timeout=1); lock.acquire(timeout=45)
        """,
        "waits for itself",
    ),
    "shell-thread": (
        """
        import threading
        def hold():
            sys.setswitchinterval(1000)
            while time.monotonic() < STOP: pass
        threading.Thread(target=hold, daemon=True).start()
        """,
        "a thread that never lets go of the interpreter",
    ),
}

FLOODS = {
    "stdout": (
        "for _ in range(200): print('A' * 1_000_000)",
        "200 MB on stdout",
    ),
    "stderr": (
        "for _ in range(200): print('A' * 1_000_000, file=sys.stderr)",
        "200 MB on stderr",
    ),
    "lines": ("for i in range(2_000_000): print(i)", "two million lines"),
    "descriptor": (
        "for _ in range(200): os.write(1, b'A' * 1_000_000)",
        "200 MB past Python",
    ),
    "display": (
        """
        from IPython.display import HTML, display
        for _ in range(100): display(HTML('A' * 1_000_000))
        """,
        "100 MB of HTML",
    ),
    "result": (
        """
        class Long:
            def __repr__(self): return 'A' * 100_000_000
        get_ipython().displayhook(Long())
        """,
        "a value that takes 100 MB to show",
    ),
    "endless-repr": (
        """
        class Endless:
            def __repr__(self):
                while time.monotonic() < STOP: pass
                return ''
        get_ipython().displayhook(Endless())
        """,
        "a value that takes for ever to show",
    ),
    "just-below": (
        "for _ in range(40): print('A' * 99_999)",
        "4 MB in each cell: what is just allowed",
    ),
    "warnings": (
        """
        import warnings, logging
        warnings.simplefilter('always')
        for i in range(100_000): warnings.warn(str(i))
        """,
        "a hundred thousand warnings",
    ),
}

MEMORY = {
    "bytes": (
        """
        held = []
        for _ in range(60): held.append(bytearray(b'x') * 100_000_000)
        time.sleep(20)
        """,
        "6 GB in steps",
    ),
    "at-once": ("held = bytearray(b'x') * 6_000_000_000", "6 GB in one go"),
    "torch": (
        """
        import torch
        held = [torch.ones(25_000_000) for _ in range(60)]
        time.sleep(20)
        """,
        "6 GB of tensors",
    ),
    "shared": (
        """
        import mmap
        held = []
        for _ in range(60):
            m = mmap.mmap(-1, 100_000_000)  # shared with nobody, but counted as such
            for at in range(0, 100_000_000, 4096): m[at] = 1
            held.append(m)
        time.sleep(10)
        """,
        "6 GB of shared memory, which RLIMIT_DATA does not see",
    ),
    "memfd": (
        """
        held = []
        for _ in range(200):
            f = os.memfd_create('x'); held.append(f)
            os.write(f, b'x' * 30_000_000)
        time.sleep(10)
        """,
        "6 GB in files that are only memory, 30 MB each",
    ),
    "segments": (
        """
        import ctypes
        libc = ctypes.CDLL(None)
        libc.shmat.restype = ctypes.c_void_p
        for _ in range(60):
            key = libc.shmget(0, ctypes.c_size_t(100_000_000), 0o1600)
            at = libc.shmat(key, None, 0) if key >= 0 else None
            if at is None or at > 2**63: break
            ctypes.memset(at, 1, 100_000_000)
            libc.shmdt(ctypes.c_void_p(at))
        time.sleep(10)
        """,
        "6 GB of shared segments, let go of: they belong to no process",
    ),
    "forgotten": (
        """
        import mmap
        held = []
        for _ in range(60):
            m = mmap.mmap(-1, 100_000_000); held.append(m)
            for at in range(0, 100_000_000, 4096): m[at] = 1
            m.madvise(mmap.MADV_DONTNEED)
        time.sleep(10)
        """,
        "6 GB of shared memory that is mapped, filled and forgotten",
    ),
    "zero-device": (
        """
        import mmap
        zero, held = os.open('/dev/zero', os.O_RDWR), []
        for _ in range(60):
            m = mmap.mmap(zero, 100_000_000); held.append(m)
            for at in range(0, 100_000_000, 4096): m[at] = 1
            m.madvise(mmap.MADV_DONTNEED)
        time.sleep(10)
        """,
        "the same, by way of a device",
    ),
    "tables": (
        """
        import ctypes
        libc = ctypes.CDLL(None)
        libc.mmap.restype = ctypes.c_void_p
        size = 3 << 40
        at = libc.mmap(None, ctypes.c_size_t(size), 1, 0x4022, -1, ctypes.c_long(0))
        if at and at < 2**63:
            for place in range(at, at + size, 2 << 20):
                ctypes.c_char.from_address(place).value
        time.sleep(10)
        """,
        "6 GB of tables for terabytes that hold nothing",
    ),
    "sockets": (
        """
        import socket
        held = []
        for _ in range(40):
            if os.fork() == 0:
                signal.alarm(30)
                try:
                    for _ in range(200):
                        pair = socket.socketpair(); held.append(pair)
                        for one in pair:
                            one.setblocking(False)
                            one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
                            one.send(b'x' * 200_000)
                except OSError:
                    pass
                time.sleep(15); os._exit(0)
        time.sleep(10)
        """,
        "memory of the system, in sockets of forty processes",
    ),
    "children": (
        """
        for _ in range(12):
            if os.fork() == 0:
                signal.alarm(30)
                held = bytearray(b'x') * 500_000_000
                time.sleep(25); os._exit(0)
        time.sleep(20)
        """,
        "6 GB in twelve processes of 500 MB",
    ),
    "pipes": (
        """
        held = []
        for _ in range(2000):
            a, b = os.pipe(); held.append((a, b))
            os.set_blocking(b, False); os.write(b, b'x' * 65_536)
        """,
        "memory of the system, in pipes",
    ),
    "lists": (
        """
        held = [[]]
        for _ in range(10_000_000): held = [held]
        del held
        """,
        "ten million nested lists, freed all at once",
    ),
}

DISK = {
    "tmp": (
        """
        for i in range(10):
            with open(f'/tmp/fill{i}', 'wb') as f: f.write(b'x' * 30_000_000)
        """,
        "300 MB in /tmp",
    ),
    "own-folder": (
        """
        from ipykernel.connect import get_connection_file
        top = os.path.dirname(get_connection_file())
        for i in range(10):
            with open(f'{top}/fill{i}', 'wb') as f: f.write(b'x' * 30_000_000)
        """,
        "300 MB beside its sockets, which the grader owns",
    ),
    "own-folder-deep": (
        """
        from ipykernel.connect import get_connection_file
        os.chdir(os.path.dirname(get_connection_file()))
        for _ in range(3000): os.mkdir('d'); os.chdir('d')
        """,
        "folders so deep that removing them recurses to death",
    ),
    "own-folder-many": (
        """
        from ipykernel.connect import get_connection_file
        top = os.path.dirname(get_connection_file())
        for i in range(30_000): open(f'{top}/{i}', 'w').close()
        """,
        "thirty thousand small files",
    ),
    "own-folder-links": (
        """
        from ipykernel.connect import get_connection_file
        path = get_connection_file()
        top = os.path.dirname(path)
        for name in os.listdir(top): os.unlink(os.path.join(top, name))
        os.symlink('/etc/hostname', path)
        os.mkfifo(top + '/s-6'); os.symlink('/', top + '/s-1'); os.mkdir(top + '/s-2')
        os.chmod(top, 0)
        """,
        "links and a fifo where the sockets were",
    ),
    "own-folder-names": (
        r"""
        from ipykernel.connect import get_connection_file
        top = os.path.dirname(get_connection_file()).encode()
        for name in (b'\xff\xfe', b'-rf', b'a\nb', b'x' * 255, b'\x1b[2J'):
            os.mkdir(top + b'/' + name)
        """,
        "names that are not text",
    ),
    "sparse": (
        """
        with open('/tmp/sparse', 'wb') as f: f.truncate(10**12)
        """,
        "a file of a terabyte that takes no room",
    ),
    "shm": (
        """
        for i in range(10):
            with open(f'/dev/shm/fill{i}', 'wb') as f: f.write(b'x' * 30_000_000)
        """,
        "300 MB in /dev/shm",
    ),
    "handles": (
        "held = [open('/dev/null') for _ in range(20_000)]",
        "twenty thousand open files",
    ),
}

# Guard of what reaches beyond the own process: only where the process sees few others.
FEW = "few = sum(map(str.isdigit, os.listdir('/proc'))) < 20 and os.getuid() != 0\n"

PROCESSES = {
    "fork-bomb": (
        """
        started = 0
        while started < 200:
            try:
                if os.fork() == 0:
                    signal.alarm(30); time.sleep(25); os._exit(0)
            except OSError:
                break
            started += 1
        """,
        "200 processes",
    ),
    "threads": (
        """
        import threading
        for _ in range(2000):
            threading.Thread(target=time.sleep, args=(20,), daemon=True).start()
        """,
        "2000 threads",
    ),
    "daemon": (
        """
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                signal.alarm(40); os.nice(19)
                for number in (1, 2, 15): signal.signal(number, signal.SIG_IGN)
                time.sleep(8)
                for place in ('/var/tmp', '/tmp', '/run', os.getcwd()):
                    try: open(place + '/@MARK@', 'x').close()
                    except OSError: pass
                time.sleep(25)
            os._exit(0)
        """,
        "outlives its kernel and writes a file",
    ),
    "popen": (
        """
        import subprocess
        subprocess.Popen(['sleep', '40'], start_new_session=True)
        subprocess.Popen(['sh', '-c', 'trap "" TERM INT HUP; sleep 41'])
        """,
        "programs that stay behind",
    ),
    "kill-parent": (
        "if few: os.kill(os.getppid(), 9)\n",
        "ends the process that started it",
    ),
    "kill-all": (
        "if few: os.kill(-1, 9)\n",
        "ends all that it may end",
    ),
    "kill-one": (
        """
        for pid in range(1, 40):
            if few and pid != os.getpid():
                try: os.kill(pid, 9)
                except OSError: pass
        """,
        "ends its neighbours one by one",
    ),
    "kill-group": ("if few: os.killpg(0, 9)\n", "ends its process group"),
    "stop-parent": (
        "if few: os.kill(os.getppid(), signal.SIGSTOP)\n",
        "stops its parent, which then never answers",
    ),
}

CALLS = {
    "twins": (
        """
        if os.fork() == 0:
            signal.alarm(30)
        """,
        "two processes return from one call, and both answer",
    ),
    "exit-at-call": ("os._exit(0)", "behaves until it is called"),
    "exit-third": (
        """
        q_sample.calls = getattr(q_sample, 'calls', 0) + 1
        if q_sample.calls > 4: os._exit(0)
        """,
        "answers some cases, then goes",
    ),
    "hang-at-call": (
        """
        while time.monotonic() < STOP:
            try: time.sleep(45)
            except BaseException: pass
        """,
        "never returns, and swallows the interrupt",
    ),
    "flood-at-call": (
        "for _ in range(200): print('A' * 1_000_000)",
        "200 MB in the middle of the probe",
    ),
    "recursion": ("return q_sample(x0, k, eps, schedule)", "calls itself for ever"),
    "no-stdout": ("os.closerange(0, 256)", "closes every file, sockets included"),
}


def _defining(
    group: str, table: dict[str, tuple[str, str]], walls: bool
) -> list[Attack]:
    return [
        defining(f"{group}-{name}", code, note, needs_sandbox=walls)
        for name, (code, note) in table.items()
    ]


ATTACKS = (
    *_defining("death", DEATHS, False),
    *_defining("hang", HANGS, False),
    *_defining("flood", FLOODS, False),
    *_defining("memory", MEMORY, True),
    *_defining("disk", DISK, True),
    *(
        defining(f"process-{name}", FEW + dedent(code), note, needs_sandbox=True)
        for name, (code, note) in PROCESSES.items()
    ),
    *(calling(f"call-{name}", code, note) for name, (code, note) in CALLS.items()),
)

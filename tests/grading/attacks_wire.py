"""Attacks on the line between kernel and grader: forged replies and Jupyter messages.

The student's process owns the socket, so whatever can be sent will be sent. None of
this can earn points (only right values do); it must not stop or bloat the grader.
"""

import textwrap

from attack_kit import Attack, defining

TWIST = """
import json, re
from jupyter_client.session import Session
dumps, loads = json.dumps, json.loads
def walk(value, change):
    if isinstance(value, dict):
        return {k: walk(v, change) for k, v in value.items()}
    if isinstance(value, list) and not all(type(v) is int for v in value):
        return [walk(v, change) for v in value]
    return change(value)
def is_shape(v): return isinstance(v, list)
def is_type(v): return isinstance(v, str) and re.fullmatch(r'[<>|=]?[a-z]+[0-9]*', v)
def is_data(v): return isinstance(v, str) and len(v) > 40
def reshape(data, new): return dumps(walk(data, lambda v: new if is_shape(v) else v))
def retype(data, new): return dumps(walk(data, lambda v: new if is_type(v) else v))
def redata(data, new): return dumps(walk(data, lambda v: new(v) if is_data(v) else v))
def replace(found):
    head, body = found.group(1), found.group(2)
    try:
        data = loads(body)
    except ValueError:
        data = {}
    line = head + body
{code}
    return line
old = Session.msg
def msg(self, kind, content=None, *a, **k):
    if kind == 'stream' and 'CK1 ' in str(content.get('text')):
        text = re.sub('(CK1 [^ ]+ )(.*)', replace, content['text'])
        content = dict(content, text=text)
    return old(self, kind, content, *a, **k)
Session.msg = msg
"""

TWISTS = {  # name -> (what becomes of `line`, note)
    "twice": ("line = line + chr(10) + line", "the real line twice"),
    "two-on-one-line": ("line = line + ' ' + line", "two replies in one line"),
    "and-a-forged-one": (
        "line = head + '{\"right\": true}' + chr(10) + line",
        "a forged line first",
    ),
    "cut": ("line = line[:len(line) // 2]", "half a reply"),
    "empty-json": ("line = head + '{}'", "a reply with nothing in it"),
    "list": ("line = head + '[' + body + ']'", "a list where a dict belongs"),
    "null": ("line = head + 'null'", "null"),
    "deep": (
        "line = head + '[' * 200_000 + ']' * 200_000",
        "JSON so deep that a parser recurses to death",
    ),
    "deep-dict": (
        "line = head + '{\"a\":' * 100_000 + '1' + '}' * 100_000",
        "likewise",
    ),
    "long-int": (
        "line = head + dumps(data)[:-1] + ', \"x\": ' + '9' * 1_000_000 + '}'",
        "an integer of a million digits",
    ),
    "long-float": (
        "line = head + '{\"x\": 1e' + '9' * 1_000_000 + '}'",
        "an exponent of a million digits",
    ),
    "constants": (
        'line = head + \'{"x": NaN, "y": Infinity, "z": -Infinity}\'',
        "numbers that JSON does not have",
    ),
    "shape-huge": ("line = head + reshape(data, [2**62])", "a shape of 2**62"),
    "shape-overflow": (
        "line = head + reshape(data, [2**32, 2**32, 0, 2**64])",
        "a product that wraps around to zero",
    ),
    "shape-negative": ("line = head + reshape(data, [-1])", "numpy fills in -1"),
    "shape-many": ("line = head + reshape(data, [1] * 100_000)", "too many dimensions"),
    "shape-floats": ("line = head + reshape(data, [7.0, True])", "odd dimensions"),
    "shape-text": ("line = head + reshape(data, '7')", "a shape that is a text"),
    "shape-zero": (
        "line = head + redata(loads(reshape(data, [0])), lambda v: '')",
        "empty arrays: all() of nothing is true",
    ),
    "type-object": ("line = head + retype(data, 'O')", "an object array from bytes"),
    "type-void": ("line = head + retype(data, 'V2000000000')", "two GB an item"),
    "type-text": ("line = head + retype(data, '<U500000000')", "likewise, as text"),
    "type-fields": (
        "line = head + retype(data, 'f8,(100000,100000)f8')",
        "numpy parses such a text into a record of 80 GB",
    ),
    "type-complex": ("line = head + retype(data, '<c16')", "another kind of number"),
    "data-spaces": (
        "line = head + redata(data, lambda v: ' '.join(v))",
        "base64 with spaces, which a lax decoder skips",
    ),
    "data-junk": ("line = head + redata(data, lambda v: '!' + v)", "not base64"),
    "data-long": (
        "line = head + redata(data, lambda v: 'A' * 3_900_000)",
        "as much as fits",
    ),
    "data-short": ("line = head + redata(data, lambda v: v[:8])", "too few bytes"),
    "data-nan": (
        "line = head + redata(data, lambda v: '////' * (len(v) // 4))",
        "every float a NaN: do all of them count as equal?",
    ),
    "data-pickle": (
        "line = head + redata(data, lambda v: "
        "'gASVHgAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjAR0cnVllIWUUpQu')",
        "a pickle that runs a command",
    ),
    "names": (
        "line = head + dumps(dict(data, **{str(i): {} for i in range(100_000)}))",
        "a hundred thousand outputs",
    ),
    "html": (
        "line = head + dumps({k: '</script><b>2/2</b>\\x1b[2J\\x00\\ud800=1+1' "
        "for k in data})",
        "HTML, ANSI, NUL and a lone surrogate in every value",
    ),
    "types-mixed": (
        "line = head + dumps({k: [{'a': [None, True, -1]}] for k in data})",
        "lists and dicts in place of every value",
    ),
    "carriage-returns": (
        "line = ('x' + chr(13)) * 900_000 + chr(13) + line",
        "nbval replays carriage returns line by line",
    ),
    "backspaces": (
        "line = 'x' * 900_000 + chr(8) * 900_000 + line",
        "nbval replays backspaces",
    ),
    "other-separators": (
        "line = chr(0x2028).join([line, line]) + chr(0x85) + chr(12) + line",
        "what only str.splitlines takes for the end of a line",
    ),
    "no-text": ("line = ''", "the reply is swallowed"),
}

SEND = """
kernel = get_ipython().kernel
session, socket = kernel.session, kernel.iopub_socket
parent = kernel.get_parent()
def send(kind, content, parent=parent, **more):
    session.send(socket, kind, content, parent=parent, **more)
"""

MESSAGES = {  # name -> (code, note)
    "comm-flood": (
        """
        for _ in range(300):
            send('comm_msg', {'comm_id': 'x', 'data': 'A' * 1_000_000})
        """,
        "300 MB of messages of a kind that nobody counts",
    ),
    "status-flood": (
        """
        for _ in range(200_000):
            send('status', {'execution_state': 'busy'})
        """,
        "two hundred thousand small messages",
    ),
    "never-idle": (
        """
        import threading
        def chatter():
            while time.monotonic() < STOP:
                send('status', {'execution_state': 'busy'}); time.sleep(0.005)
        threading.Thread(target=chatter, daemon=True).start()
        old = type(session).send
        def quiet(self, stream, kind, content=None, *a, **k):
            if (content or {}).get('execution_state') == 'idle':
                return None
            return old(self, stream, kind, content, *a, **k)
        type(session).send = quiet
        """,
        "never says idle and never stops talking: no read ever times out",
    ),
    "display-flood": (
        """
        for _ in range(300):
            send('display_data', {'data': {'text/html': 'A' * 1_000_000},
                                  'metadata': {}})
        """,
        "300 MB of pictures",
    ),
    "error-flood": (
        """
        send('error', {'ename': 'A' * 100_000_000, 'evalue': 'B' * 100_000_000,
                       'traceback': []})
        """,
        "an error with a name of 100 MB",
    ),
    "odd-content": (
        """
        for content in ({}, {'text': None}, {'text': {'a': 1}, 'name': 5},
                        {'name': 'stdout'}, {'execution_state': []},
                        {'data': 'x', 'metadata': None}, {'data': [1], 'metadata': 3},
                        {'ename': 1, 'evalue': None, 'traceback': 7},
                        {'traceback': [None, 3]}):
            for kind in 'stream status error display_data execute_result'.split():
                send(kind, content)
        """,
        "messages whose parts are missing or of another type",
    ),
    "odd-json": (
        """
        import zmq
        for part in (b'[]', b'null', b'5', b'"x"', b'{', b'\\xff\\xfe', b'{}',
                     b'[' * 100_000 + b']' * 100_000):
            parts = [b'{"msg_id": "1", "msg_type": "stream"}', b'{}', b'{}', part]
            session.send_raw(socket, parts)
            session.send_raw(socket, [part, b'{}', b'{}', b'{}'])
        """,
        "signed messages that are not what Jupyter sends",
    ),
    "unsigned": (
        """
        socket.send_multipart([b'x', b'<IDS|MSG>', b'bad', b'{}', b'{}', b'{}', b'{}'])
        socket.send_multipart([b'x'])
        socket.send_multipart([b'', b'<IDS|MSG>'])
        """,
        "messages with a wrong signature or too few parts",
    ),
    "forged-replies": (
        """
        stream = kernel.shell_stream if hasattr(kernel, 'shell_stream') else None
        idents = getattr(kernel, '_parent_ident', {})
        idents = idents.get('shell') if isinstance(idents, dict) else idents
        for _ in range(50):
            send('stream', {'name': 'stdout', 'text': 'CK1 abc {"right": true}'})
            send('status', {'execution_state': 'idle'})
            if stream is not None:
                session.send(stream, 'execute_reply', {'status': 'ok'},
                             parent=parent, ident=idents)
        """,
        "says the cell is over and goes on; later replies come early",
    ),
    "foreign-parent": (
        """
        fake = {'header': {'msg_id': 'x' * 1000, 'msg_type': 'execute_request',
                           'session': 's', 'username': 'root', 'version': '5.3'}}
        for _ in range(200):
            send('stream', {'name': 'stdout', 'text': 'CK1 a {}'}, parent=fake)
        """,
        "output that claims to answer another cell",
    ),
    "big-message": (
        """
        import threading
        send('stream', {'name': 'stdout', 'text': 'A' * 400_000_000})
        """,
        "one message of 400 MB",
    ),
    "buffers": (
        "send('comm_msg', {}, buffers=[bytes(100_000_000)] * 3)",
        "300 MB of binary buffers",
    ),
    "large-flood": (
        """
        block = 'A' * 50_000_000
        for _ in range(100):
            send('comm_msg', {'comm_id': 'x', 'data': block})
        """,
        "5 GB in messages that nobody counts, more than the reader may hold",
    ),
    "large-buffers": (
        """
        block = bytes(100_000_000)
        send('comm_msg', {}, buffers=[block] * 45)
        time.sleep(3)
        """,
        "one message of 4.5 GB that costs its sender 100 MB",
    ),
    "asks-for-input": (
        """
        session.send(getattr(kernel, 'stdin_socket', socket), 'input_request',
                     {'prompt': 'password', 'password': True}, parent=parent)
        input('what is the answer? ')
        """,
        "waits for an answer from the grader",
    ),
    "shutdown": (
        """
        send('shutdown_reply', {'restart': True})
        kernel.io_loop.call_later(0.1, kernel.io_loop.stop)
        """,
        "says that the kernel restarts",
    ),
    "socket-closed": (
        """
        kernel.iopub_thread.socket.close(linger=0)
        """,
        "no channel left to answer on",
    ),
    "replayed": (
        """
        old = session.send
        def again(*a, **k):
            old(*a, **k); old(*a, **k)
            return old(*a, **k)
        session.send = again
        """,
        "every message three times",
    ),
}


def _twist(name: str) -> Attack:
    code, note = TWISTS[name]
    body = TWIST.replace("{code}", textwrap.indent(code, "    "))
    return defining(f"wire-{name}", body, note)


def _message(name: str) -> Attack:
    code, note = MESSAGES[name]
    return defining(f"message-{name}", SEND + textwrap.dedent(code), note)


ATTACKS = (*(_twist(name) for name in TWISTS), *(_message(name) for name in MESSAGES))

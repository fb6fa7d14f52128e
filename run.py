"""Set up and run the workbook: `python run.py lab`, `python run.py test`.

The Makefile calls this file, so systems with and without make do the same. It parses on
any Python, so that a too old one gets one clear line: no f-strings, no annotations,
and nothing but the standard library.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import threading

OLDEST = (3, 11)
ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
READY = os.path.join(VENV, ".coursekit-ready")  # written last: no stamp, no set-up
BUSY = os.path.join(ROOT, ".make", "setting-up")  # left behind by an interrupted run
NEEDED = ["torch", "numpy", "matplotlib", "jupyterlab", "ipywidgets", "anywidget"]
LEVELS = [
    ("lab", ".[lab]"),
    ("test", ".[lab,dev]"),
    ("parity", ".[lab,dev,parity]"),
]
USAGE = """usage: python run.py COMMAND [ARGUMENTS]   (make COMMAND ARGS="ARGUMENTS")

  lab      set up, then open JupyterLab on the start page
  test     set up, then ruff, mypy, weave --check and pytest
  test-all the same with all that is left out daily: more draws, every attack
  parity   set up, then the comparison with the peer libraries
  weave    build the notebooks from coursekit/lectures
  book     the course as web pages, in build/book
  train    train a recipe: python run.py train NAME --profile quick
  doctor   what works here, what is missing, how to get it
  setup    set up everything and stop
  clean    delete the environment and the caches

`python run.py --here COMMAND` (make COMMAND PY=python) takes the environment that is
active instead of making .venv. TORCH_INDEX=URL takes torch from another index."""


def fail(line, status=1):
    """Print one line and stop."""
    sys.stderr.write(line + "\n")
    sys.exit(status)


def check_version(here):
    """Stop on a Python that is too old, or go on with a newer one that is installed."""
    if sys.version_info >= OLDEST:
        return
    for minor in () if here or sys.version_info < (3, 3) else (13, 12, 11, 14):
        other = shutil.which("python3.%d" % minor)
        if other and subprocess.call([other, "-c", ""], stderr=subprocess.DEVNULL) == 0:
            sys.exit(subprocess.call([other, os.path.abspath(__file__)] + sys.argv[1:]))
    fail(
        "coursekit needs Python %d.%d or newer; this is %d.%d (%s). Install one from "
        "https://www.python.org/downloads/ and run: make lab PYTHON=/path/to/python3"
        % (OLDEST + tuple(sys.version_info[:2]) + (sys.executable,))
    )


def venv_python():
    """The interpreter inside .venv."""
    if os.name == "nt":
        return os.path.join(VENV, "Scripts", "python.exe")
    return os.path.join(VENV, "bin", "python")


def fingerprint():
    """What the environment depends on: the two lists, the place, the interpreter."""
    digest = hashlib.sha256(ROOT.encode("utf-8"))
    for name in ("pyproject.toml", "constraints.txt"):
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(file.read().replace(b"\r\n", b"\n"))
    with open(os.path.join(VENV, "pyvenv.cfg"), "rb") as file:
        digest.update(file.read())
    return digest.hexdigest()


def installed_level():
    """The level the stamp records (-1: none) and whether it is still current."""
    try:
        with open(READY) as file:
            digest, level = file.read().split()
        return int(level), digest == fingerprint()
    except (OSError, ValueError):
        return -1, False


def works(python):
    """Whether this interpreter exists and has pip."""
    if not os.path.exists(python):
        return False
    call = [python, "-c", "import pip, venv"]
    return subprocess.call(call, stderr=subprocess.DEVNULL, cwd=VENV) == 0


def follow(command, log):
    """Run a quiet command, show its last line on a terminal, and return its status."""
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    latest = [""]

    def read():
        for raw in process.stdout:
            line = raw.decode("utf-8", "replace").rstrip()
            log.append(line)
            if not line.startswith(("WARNING", "Looking", "Requirement")):
                latest[0] = line.strip()

    reader = threading.Thread(target=read)
    reader.daemon = True
    reader.start()
    seconds = 0
    while reader.is_alive():
        reader.join(1.0)
        seconds += 1
        if sys.stdout.isatty():
            sys.stdout.write("\r" + ("%4d s  %s" % (seconds, latest[0]))[:78].ljust(78))
            sys.stdout.flush()
    if sys.stdout.isatty():
        sys.stdout.write("\r" + " " * 78 + "\r")
    return process.wait()


def advice(log):
    """One line that says what to do about a failed installation."""
    text = "\n".join(log)
    if "No space left" in text:
        return "The disk is full: free about 2 GB, then run the same command again."
    if "No matching distribution found for torch" in text:
        return (
            "There is no torch for Python %d.%d here: run make lab PYTHON=python3.12 "
            "(any Python from 3.11 on that torch is built for)." % sys.version_info[:2]
        )
    if "NewConnectionError" in text or "Max retries" in text:
        return "The package index cannot be reached: go online and run it again."
    return "pip did not finish (its last lines are above). Run the same command again."


def pip(python, arguments):
    """Run pip; on failure show the end of its output and one line of advice."""
    log = []
    command = [python, "-m", "pip", "install", "--disable-pip-version-check"]
    command += ["--no-compile"]  # Python compiles what is used, when it is used
    if follow(command + arguments + ["-c", "constraints.txt"], log) != 0:
        sys.stderr.write("\n".join(log[-8:]) + "\n")
        fail(advice(log))


def make_venv():
    """Make an empty .venv, over whatever an interrupted run left there."""
    base = getattr(sys, "_base_executable", None) or sys.executable
    log = []
    if follow([base, "-m", "venv", "--clear", VENV], log) != 0:
        if "ensurepip" in "\n".join(log):
            fail(
                "This Python cannot make environments. On Debian or Ubuntu: "
                "sudo apt install python3-venv; then run the same command again."
            )
        sys.stderr.write("\n".join(log[-8:]) + "\n")
        fail("The environment .venv could not be made (see the lines above).")


def set_up(level):
    """Bring .venv to a level (an index into LEVELS) and return its interpreter."""
    python = venv_python()
    before, current = installed_level()
    if current and before >= level and works(python):
        return python
    level = max(level, before)
    fresh = os.path.exists(BUSY) or not works(python)
    if not os.path.isdir(os.path.dirname(BUSY)):
        os.makedirs(os.path.dirname(BUSY))
    open(BUSY, "w").close()
    if os.path.exists(READY):
        os.remove(READY)
    print("Setting up .venv (once; about 1.5 GB, mostly torch) ...")
    sys.stdout.flush()
    if fresh:
        make_venv()
    index = os.environ.get("TORCH_INDEX")
    if index:
        pip(python, ["torch", "--index-url", index])
    pip(python, ["-e", LEVELS[level][1]])
    if LEVELS[level][0] == "parity":  # it asks for lightning and more; we need none
        pip(python, ["--no-deps", "torchcfm", "pytorch-fid"])
    with open(READY + ".new", "w") as file:
        file.write("%s %d\n" % (fingerprint(), level))
    os.rename(READY + ".new", READY)
    os.remove(BUSY)
    return python


def active_python():
    """The active interpreter, once it has what the workbook needs."""
    code = (
        "import importlib.util as util, sys; sys.path = [p for p in sys.path if p];"
        "print([m for m in %r if util.find_spec(m) is None])" % (["coursekit"] + NEEDED)
    )
    missing = subprocess.check_output([sys.executable, "-c", code]).decode("utf-8")
    if missing.strip() != "[]":
        fail(
            "The active environment lacks %s. Run: %s -m pip install -e '.[lab,dev]' "
            "-c constraints.txt"
            % (missing.strip("[]'\r\n").replace("', '", ", "), sys.executable)
        )
    return sys.executable


def lab(python, arguments):
    """Open JupyterLab with the settings in .jupyter."""
    paths = [os.path.join(ROOT, ".jupyter"), os.environ.get("JUPYTER_CONFIG_PATH")]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(p for p in paths if p)
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments = ["--allow-root"] + arguments  # in a container
    command = [python, "-m", "jupyterlab"] + arguments
    if os.name != "nt":
        os.execv(python, command)  # Ctrl-C goes to JupyterLab alone
    return subprocess.call(command)


def test(python, arguments):
    """Run every checker, pytest last; non-zero when one of them complains."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # see "threads" in CONTRIBUTING.md
    # One process more than cores: some tests wait. Each takes up to 2 GB. See
    # tests/conftest.py.
    share = ["-n", str(min(4, 1 + (os.cpu_count() or 1))), "--dist", "loadgroup"]
    share += ["--no-loadscope-reorder"]
    steps = [
        ("ruff check", ["ruff", "check", "."]),
        ("ruff format", ["ruff", "format", "--check", "coursekit", "tests", "run.py"]),
        ("mypy", ["mypy"]),
        ("weave --check", ["coursekit", "weave", "--check"]),
        ("pytest", ["pytest"] + share + arguments),
    ]
    failed = []
    for name, command in steps:
        print("== " + name)
        sys.stdout.flush()
        if subprocess.call([python, "-m"] + command) != 0:
            failed.append(name)
    if failed:
        sys.stderr.write("make test failed in: %s\n" % ", ".join(failed))
    return 1 if failed else 0


def clean():
    """Delete the environment and the caches."""
    for name in (".venv", ".make", ".mypy_cache", ".ruff_cache", ".pytest_cache"):
        shutil.rmtree(os.path.join(ROOT, name), ignore_errors=True)
    return 0


def main(arguments):
    """Run one command and return its status."""
    here = "--here" in arguments[:1]
    check_version(here)
    arguments = arguments[1:] if here else arguments
    command, rest = (arguments + ["help"])[0], arguments[1:]
    levels = {"lab": 0, "weave": 0, "train": 0, "doctor": 0, "test": 1, "setup": 1}
    levels.update({"test-all": 1, "book": 1, "parity": 2})
    if command == "clean":
        return clean()
    if command not in levels:
        print(USAGE)
        return 0 if command in ("help", "-h", "--help") else 2
    os.chdir(ROOT)
    if not here:  # another one that is active: IPython would warn in every kernel
        os.environ.pop("VIRTUAL_ENV", None)
    python = active_python() if here else set_up(levels[command])
    if command == "lab":
        return lab(python, rest)
    if command == "test":
        return test(python, rest)
    if command == "test-all":
        os.environ["COURSEKIT_ATTACKS"] = "all"
        return test(python, ["--long"] + rest)
    if command == "setup":
        return 0
    if command == "book":
        if not here:
            pip(python, ["-e", ".[lab,dev,book]"])
        return subprocess.call([python, os.path.join("docs", "book", "make.py")] + rest)
    if command == "parity":
        return subprocess.call([python, "-m", "pytest", "-m", "parity", "tests"] + rest)
    return subprocess.call([python, "-m", "coursekit", command] + rest)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        fail("\nStopped. Run the same command again: it repairs and goes on.", 130)

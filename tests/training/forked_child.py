"""What a forked process does. The server imports it once, so children start at once."""

import os
import sys
from pathlib import Path

import tiny_kinds
import torch
import torch.distributed

from coursekit import cli
from coursekit.training import pretrained, publish, recipes, session, train_command

# Imported for the children, so that they start at once.
assert publish and session and train_command and torch.distributed
torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))])  # imports 800 modules


def run(arguments: list[str], env: dict[str, str], out: str, err: str) -> None:
    """`coursekit train tiny-KIND ...` with its output in two files."""
    os.environ.update(env)
    for number, name in ((1, out), (2, err)):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    sys.stdout = open(1, "w", closefd=False)
    sys.stderr = open(2, "w", closefd=False)
    if "TINY_LIMIT" in os.environ:  # the system refuses larger files: a full disk
        import resource

        limit = int(os.environ["TINY_LIMIT"])
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    if "TINY_CHECKPOINTS" in os.environ:
        pretrained.FOLDER = Path(os.environ["TINY_CHECKPOINTS"])
    recipes.RECIPES.update(tiny_kinds.TINY_KINDS)
    status = cli.run(["train", f"tiny-{arguments[0]}", *arguments[1:]])
    sys.stdout.flush()
    sys.stderr.flush()
    sys.exit(status)

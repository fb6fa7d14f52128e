"""The command that trains a reader: for those of two bears and of several."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import nn

from coursekit.datasets.teddy.reader_nets import reader_folder

N = TypeVar("N", bound=nn.Module)


def reader_parser(
    prog: str, text: str | None, name: str, steps: int, pictures: int
) -> ArgumentParser:
    """Its options; steps and pictures: their defaults; name: the folder's."""
    parser = ArgumentParser(prog=prog, description=text)
    parser.add_argument("--steps", type=int, default=steps)
    parser.add_argument(
        "--pictures", type=int, default=pictures, help="for its figures"
    )
    parser.add_argument("--threads", type=int, default=1, help="of torch, default 1")
    parser.add_argument(
        "--out",
        type=Path,
        default=reader_folder() / name,
        help=f"default: data/readers/{name}",
    )
    return parser


def run_command(
    parser: ArgumentParser,
    argv: list[str] | None,
    train: Callable[[Namespace], tuple[N, dict[str, object]]],
    finish: Callable[[N, dict[str, object], Path, int], dict[str, Any]],
) -> int:
    """Train, calibrate, measure, save. Returns 0, or 2 for bad input."""
    args = parser.parse_args(argv)
    if args.steps < 1 or args.pictures < 8:
        print(f"{parser.prog}: use at least 1 step and 8 pictures", file=sys.stderr)
        return 2
    torch.set_num_threads(max(1, args.threads))
    net, facts = train(args)
    finish(net, facts, args.out, args.pictures)
    return 0

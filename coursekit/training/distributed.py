"""Several processes, one training: each takes a share of every batch.

    torchrun --nproc-per-node 2 -m coursekit train RECIPE --profile cpu

Data parallelism in three lines: split the batch, average the gradients, and all
processes take the same step. Batches follow from seed and step, so nobody has to send
data; a loss that is a mean over samples is then the same as in one process. A loss that
compares samples with each other needs all of them: `gathered`.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Protocol, cast

import torch
import torch.distributed as dist
from torch import Tensor, nn


def patience() -> float:
    """Seconds until a process that waits for another gives it up."""
    told = os.environ.get("COURSEKIT_PATIENCE", "600")
    try:
        seconds = float(told)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 1e6:
        raise BadSetting(f"COURSEKIT_PATIENCE={told}: give seconds, such as 600")
    return seconds


class Lost(RuntimeError):
    """Another process has gone or hangs; the message says what to do."""


class BadSetting(ValueError):
    """An environment variable that means nothing; the message says which."""


class World(Protocol):
    """The processes that train together."""

    rank: int
    size: int

    def share(self, batch: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """This process's rows of a batch."""

    def mean(self, value: Tensor) -> Tensor:
        """The mean of one number over all processes."""

    def average_gradients(self, model: nn.Module) -> None:
        """Replace every gradient by its mean over all processes."""

    def any(self, flag: bool) -> bool:
        """Whether the flag is set in any process; all get the same answer."""


class Alone:
    """One process: it takes everything."""

    rank, size = 0, 1

    def share(self, batch: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """The whole batch."""
        return batch

    def mean(self, value: Tensor) -> Tensor:
        """The value itself."""
        return value

    def average_gradients(self, model: nn.Module) -> None:
        """Nothing to do."""

    def any(self, flag: bool) -> bool:
        """The flag itself."""
        return flag


class Group:
    """This process among those that torchrun has started."""

    def __init__(self) -> None:
        """Meet the others. Call it once, and `leave` at the end."""
        backend = "gloo"
        if torch.cuda.is_available():
            backend = "cpu:gloo,cuda:nccl"
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
        with nobody_missing():
            dist.init_process_group(backend, timeout=timedelta(seconds=patience()))
        self.rank, self.size = dist.get_rank(), dist.get_world_size()

    def share(self, batch: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Every size-th row, from row `rank` on. Raises ValueError if it is uneven."""
        count = len(batch[0])
        if count % self.size:
            raise ValueError(
                f"a batch of {count} cannot be shared by {self.size} processes: take a "
                "number of processes that divides it"
            )
        return tuple(part[self.rank :: self.size].contiguous() for part in batch)

    def mean(self, value: Tensor) -> Tensor:
        """Summed over all, divided by their number."""
        return averaged(value)

    def average_gradients(self, model: nn.Module) -> None:
        """One message for all gradients: many small ones would cost more."""
        found = [p.grad for p in model.parameters() if p.grad is not None]
        flat = averaged(torch.cat([g.flatten() for g in found]))
        sizes = [g.numel() for g in found]
        for g, part in zip(found, torch.split(flat, sizes), strict=True):
            g.copy_(part.view_as(g))

    def any(self, flag: bool) -> bool:
        """Set in any process? A message over the CPU: no GPU has to be waited for."""
        return bool(averaged(torch.tensor(float(flag))) > 0)

    def leave(self) -> None:
        """Say goodbye to the others."""
        dist.destroy_process_group()


@contextmanager
def nobody_missing() -> Iterator[None]:
    """Turn what the communication library says of a missing partner into `Lost`."""
    try:
        yield
    except RuntimeError as error:  # DistBackendError is one
        raise Lost(
            f"another process has gone, or was silent for {patience():g} s: run the "
            "same command again to go on"
        ) from error


def averaged(value: Tensor) -> Tensor:
    """The mean of a tensor over all processes, without gradients; alone, the same."""
    if not dist.is_initialized():
        return value
    total = value.detach().clone()
    with nobody_missing():
        dist.all_reduce(total)
    return total / dist.get_world_size()


def gathered(rows: Tensor) -> Tensor:
    """The rows (B, ...) of all processes in one tensor; alone, the rows themselves.

    Gradients come back: each process gets the sum of what all processes ask of its own
    rows. So if all compute the same loss from the gathered rows, the mean of their
    gradients over the processes is the gradient of that loss.
    """
    if not dist.is_initialized():
        return rows
    return cast(Tensor, _Gather.apply(rows))  # type: ignore[no-untyped-call]


class _Gather(torch.autograd.Function):
    """`gathered`: the gradient of collecting is to add up and hand out."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> Tensor:
        """All rows, those of process 0 first."""
        ctx.count = len(rows)
        parts = [torch.empty_like(rows) for _ in range(dist.get_world_size())]
        with nobody_missing():
            dist.all_gather(parts, rows.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        """The sum over all processes, this one's rows of it."""
        total = grads[0].clone()
        with nobody_missing():
            dist.all_reduce(total)
        start = dist.get_rank() * ctx.count
        return total[start : start + ctx.count]


def join() -> Alone | Group:
    """The group that torchrun has started, or nobody else."""
    size = os.environ.get("WORLD_SIZE", "1")
    if size == "1":
        return Alone()
    needed = ("WORLD_SIZE", "RANK", "MASTER_ADDR", "MASTER_PORT")
    for name in needed:
        told = os.environ.get(name, "")
        if not told or (name != "MASTER_ADDR" and not told.isdigit()):
            raise BadSetting(
                f"{name}={told} with WORLD_SIZE={size}: start several processes with "
                "torchrun, or unset WORLD_SIZE"
            )
    return Group()

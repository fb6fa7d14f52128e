"""Several processes, one training: each takes a share of every batch.

    torchrun --nproc-per-node 2 -m coursekit train RECIPE --profile cpu

Data parallelism in three lines: split the batch, average the gradients, and all
processes take the same step. Batches follow from seed and step, so nobody has to send
data; a loss that is a mean over samples is then the same as in one process.
"""

import os
from typing import Protocol

import torch
import torch.distributed as dist
from torch import Tensor, nn


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


class Group:
    """This process among those that torchrun has started."""

    def __init__(self) -> None:
        """Meet the others. Call it once, and `leave` at the end."""
        dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
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
        total = value.clone()
        dist.all_reduce(total)
        return total / self.size

    def average_gradients(self, model: nn.Module) -> None:
        """One message for all gradients: many small ones would cost more."""
        found = [p.grad for p in model.parameters() if p.grad is not None]
        flat = torch.cat([g.flatten() for g in found])
        dist.all_reduce(flat)
        flat /= self.size
        sizes = [g.numel() for g in found]
        for g, part in zip(found, torch.split(flat, sizes), strict=True):
            g.copy_(part.view_as(g))

    def leave(self) -> None:
        """Say goodbye to the others."""
        dist.destroy_process_group()


def join() -> Alone | Group:
    """The group that torchrun has started, or nobody else."""
    return Group() if int(os.environ.get("WORLD_SIZE", "1")) > 1 else Alone()

"""The batches of a run, in order; for a GPU the next one is made while it works.

Batches follow from seed and step alone, so making one early changes no number.
"""

from concurrent.futures import Future, ThreadPoolExecutor

from coursekit.training.distributed import World
from coursekit.training.recipe import Batch, Data, Profile, Recipe


class Batches:
    """`at(step)`: this process's rows of the batch of a step, on the device."""

    def __init__(
        self,
        recipe: Recipe,
        profile: Profile,
        data: Data,
        world: World,
        device: str,
        ahead: bool | None = None,
    ) -> None:
        """ahead: make the next batch in a thread (None: for a GPU only)."""
        self.recipe, self.profile, self.data = recipe, profile, data
        self.world, self.device = world, device
        ahead = device != "cpu" if ahead is None else ahead
        self.pool = ThreadPoolExecutor(1) if ahead else None
        self.coming: tuple[int, Future[Batch]] | None = None

    def at(self, step: int) -> Batch:
        """The batch of step 0, 1, ...; asked for in this order there is no waiting."""
        if self.pool is None:
            return self._make(step)
        if self.coming is None or self.coming[0] != step:
            self.coming = step, self.pool.submit(self._make, step)
        batch = self.coming[1].result()
        self.coming = None
        if step + 1 < self.profile.steps:
            self.coming = step + 1, self.pool.submit(self._make, step + 1)
        if self.device == "cpu":
            return batch
        return tuple(part.to(self.device, non_blocking=True) for part in batch)

    def _make(self, step: int) -> Batch:
        whole = self.recipe.batch(self.data, self.profile.batch, step)
        mine = self.world.share(whole)
        if self.device == "cpu":
            return mine
        return tuple(part.pin_memory() for part in mine)

    def close(self) -> None:
        """Let the thread finish what it does, and no more."""
        if self.pool is not None:
            self.pool.shutdown(wait=True, cancel_futures=True)

"""Figure 06a.E: what a stage gives, and what it takes."""

from collections.abc import Sequence

from coursekit.experiments.summary import Result, prefixed
from coursekit.lectures.l06a_training_and_tuning.experiments import forgetting, golden


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 06a.E: the keys of `forgetting` after `go_on_`, of `golden` after
    `sft_`.
    """
    return {
        **prefixed("go_on", forgetting.measure(seeds, quick)),
        **prefixed("sft", golden.measure(seeds, quick)),
    }

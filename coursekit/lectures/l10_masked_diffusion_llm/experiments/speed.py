"""Figures 10.A and 10.S: how good programs are for so many passes, FLOPs and seconds.

Everything writes programs after held-out captions. What is written is judged in one
experiment, what it takes in the other, which wants a machine with nothing else to do.
"""

import statistics
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor

from coursekit.datasets.teddy.program_tokens import (
    CANVAS,
    PROMPT,
    layout,
    program_rows,
)
from coursekit.datasets.tokens import END
from coursekit.evaluation.token_sampling import (
    Written,
    write_blocks,
    write_left_to_right,
)
from coursekit.evaluation.written_programs import quality
from coursekit.experiments.compute import seconds
from coursekit.experiments.measure import load_measured
from coursekit.experiments.summary import Result, for_seeds, prefixed
from coursekit.models.flops import block_flops, write_flops
from coursekit.models.token_transformer import TokenTransformer
from coursekit.theory.unmasking import (
    Ancestral,
    ByConfidence,
    EntropyBound,
    Rule,
    Threshold,
)
from coursekit.training.pretrained import load_model

LEFT, MASKED, BLOCKS = "programs-left-to-right", "programs-masked", "programs-blocks"
ROWS = 64  # of the large batch
NEAR = {"right": 0.05, "entropy": 0.3}  # as good: below the baseline by this at most


class Way(NamedTuple):
    """One way of writing."""

    family: str  # a line of the figure
    model: str
    size: int = 0  # of a block; 0: left to right, a token at a time
    rule: Rule | None = None
    temperature: float = 1.0

    def write(
        self, model: TokenTransformer, prompt: Tensor, generator: torch.Generator
    ) -> Written:
        """Programs after prompts (B, PROMPT)."""
        if self.rule is None:
            return write_left_to_right(
                model, prompt, CANVAS, self.temperature, generator, END
            )
        rest = (self.size, self.rule, self.temperature, generator, END)
        return write_blocks(model, prompt, CANVAS, *rest)

    def flops(self, model: TokenTransformer, found: Written) -> int:
        """What it cost, for each row."""
        if self.rule is None:
            return write_flops(model.config, PROMPT, found.passes)
        return block_flops(model.config, PROMPT, CANVAS, self.size, found.by_block)


def ways() -> dict[str, Way]:
    """All that are compared, by name; "left" is the baseline."""
    found = {
        "left": Way("left", LEFT),
        "left_cool": Way("left", LEFT, temperature=0.8),
        "left_greedy": Way("left", LEFT, temperature=0.0),
    }
    whole = partial(Way, model=MASKED, size=CANVAS)
    for steps in (2, 4, 8, 16, 32):
        found[f"ancestral_{steps}"] = whole("ancestral", rule=Ancestral(steps))
        found[f"confidence_{steps}"] = whole("confidence", rule=ByConfidence(steps))
    for percent in (70, 90):
        found[f"threshold_{percent}"] = whole(
            "threshold", rule=Threshold(percent / 100)
        )
    for tenths in (3, 10, 30):
        found[f"entropy_{tenths}"] = whole("entropy", rule=EntropyBound(tenths / 10))
    for size in (1, 4, 8, 16, 48):
        found[f"blocks_{size}"] = Way("blocks", BLOCKS, size, Threshold(0.9))
    found["blocks_8_cool"] = Way("blocks", BLOCKS, 8, Threshold(0.9), 0.8)
    return found


def networks(names: Sequence[str]) -> dict[str, TokenTransformer]:
    """The trained networks of some ways."""
    used = {ways()[name].model for name in names}
    return {each: cast(TokenTransformer, load_model(each)) for each in used}


def law_layouts(count: int) -> dict[str, float]:
    """How often true programs leave out which numbers."""
    kinds = [layout(scene) for scene in program_rows(count, 5, "test")[1]]
    return {kind: kinds.count(kind) / count for kind in set(kinds)}


def unlike(shares: Mapping[str, float], law: Mapping[str, float]) -> float:
    """Half the summed differences of two lists of shares: 0 alike, 1 disjoint."""
    names = {*shares, *law}
    return sum(abs(shares.get(n, 0.0) - law.get(n, 0.0)) for n in names) / 2


def measure(seeds: tuple[int, ...] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 10.A.

    Keys: for each of `ways` `{way}_right`, the share of programs without a fault;
    `{way}_entropy`, bits of five numbers, and `{way}_full`, the same of true programs;
    `{way}_rare`, the share that leaves a number out, and `{way}_unlike`, how far the
    shares of all layouts are from the law's; `{way}_passes` and `{way}_flops`, of one
    row alone, mean over programs; `{way}_passes_64` and `{way}_flops_64`, for each row
    of a batch. `law_rare`; `programs` of a seed; `names`, the ways; `saved_{unit}` and
    `saved_{unit}_by`, for passes and flops: see `savings`.
    """
    count, alone, names = (128, 16, list(ways()))
    if quick:
        count, alone, names = 16, 2, ["left", "confidence_2"]
    nets = networks(names)
    law = law_layouts(500 if quick else 8000)

    def one(name: str, seed: int) -> Result:
        way, model = ways()[name], nets[ways()[name].model]
        costs = list[int]()

        def writer(prompt: Tensor, generator: torch.Generator) -> Written:
            found = way.write(model, prompt, generator)
            costs.append(way.flops(model, found))
            return found

        judged = quality(writer, count, seed, ROWS)
        large = statistics.mean(costs)
        costs.clear()
        single = quality(writer, alone, seed + 50, 1)
        return {
            "right": judged.right,
            "entropy": judged.entropy,
            "full": judged.full,
            "rare": 1 - judged.layouts.get("all", 0.0),
            "unlike": unlike(judged.layouts, law),
            "passes": float(single.passes),
            "flops": statistics.mean(costs),
            "passes_64": float(judged.passes),
            "flops_64": large,
        }

    result: Result = {"programs": count, "names": names}
    result["law_rare"] = 1 - law["all"]
    for name in names:
        found = for_seeds(one, seeds[:1] if quick else seeds, name)
        result |= prefixed(name, found)
    for unit in ("passes", "flops", "passes_64", "flops_64"):
        result |= savings(result, result, unit)
    return result


def as_good(stored: Mapping[str, Any], layouts: bool = True) -> list[str]:
    """Ways that write as well as left to right, and as differently.

    Right and entropy at most NEAR below it, and, if layouts count, at least half as
    many rare ones.
    """
    found = list[str]()
    for name in stored["names"]:
        near = all(
            stored[f"{name}_{key}"] >= stored[f"left_{key}"] - gap
            for key, gap in NEAR.items()
        )
        many = stored[f"{name}_rare"] >= stored["left_rare"] / 2
        if near and (many or not layouts):
            found.append(name)
    return found


def savings(
    judged: Mapping[str, Any],
    spent: Mapping[str, Any],
    unit: str,
    layouts: bool = True,
) -> dict[str, Any]:
    """The most that a way `as_good` as left to right saves, as a factor, and which."""
    base = spent[f"left_{unit}"]
    rest = [n for n in as_good(judged, layouts) if not n.startswith("left")]
    found = {n: base / spent[f"{n}_{unit}"] for n in rest if f"{n}_{unit}" in spent}
    best = max(found, key=lambda name: found[name], default="none")
    key = f"saved_{unit}" if layouts else f"near_{unit}"
    return {key: found.get(best, 0.0), f"{key}_by": best}


# --- seconds --------------------------------------------------------------------------


def measure_seconds(seeds: tuple[int, ...] = (0,), quick: bool = False) -> Result:
    """Everything of 10.S. Nothing else may run meanwhile.

    Keys: for each way `{way}_seconds`, of one program alone, and `{way}_seconds_64`, of
    a batch of 64, both the median of several runs with one thread, in the faster of
    `precisions`; the same in float32 as `{way}_float32` and `{way}_float32_64`; `names`
    of the ways; `saved_seconds`, `saved_seconds_64` and `.._by`, from what 10.A found,
    and as `near_..` where layouts do not count.
    """
    rounds, alone, names = (3, 12, list(ways()))
    if quick:
        rounds, alone, names = 1, 2, ["left", "confidence_2"]
    plain = networks(names)
    half = {n: networks(names)[n].bfloat16() for n in plain}
    result: Result = {"names": names, "threads": 1}
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for name in names:
            for rows, end in ((1, ""), (ROWS, "_64")):
                prompts = program_rows(ROWS, 60 + seeds[0], "test")[0][:, :PROMPT]
                parts = list(torch.split(prompts, rows))[:alone]
                took = {
                    kind: typical(ways()[name], nets[ways()[name].model], parts, rounds)
                    for kind, nets in (("float32", plain), ("bfloat16", half))
                }
                result[f"{name}_seconds{end}"] = min(took.values())
                result[f"{name}_float32{end}"] = took["float32"]
    finally:
        torch.set_num_threads(threads)
    judged = load_measured("10.A")
    for unit in ("seconds", "seconds_64"):
        for layouts in (True, False):
            result |= savings(judged, result, unit, layouts)
    return result


def typical(
    way: Way, model: TokenTransformer, parts: Sequence[Tensor], rounds: int
) -> float:
    """The median of the seconds that a way takes for each of `parts`."""

    def run(prompt: Tensor) -> None:
        way.write(model, prompt, torch.Generator().manual_seed(0))

    runs: dict[str, Callable[[], None]] = {
        str(i): partial(run, part) for i, part in enumerate(parts)
    }
    return statistics.median(t for each in seconds(runs, rounds).values() for t in each)

"""Figure 08a.C: short wishes, with and without prompt enhancement.

The model behind `coursekit sample` gets a short sentence as it is, or expanded in one
of three ways. A fifth way is a copy of the small language model that goes on learning
with short sentences: the shipped one never saw any, and may take silence for absence.
"""

import time
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch

from coursekit.datasets.teddy.captions import caption, parse_caption
from coursekit.datasets.teddy.program_tokens import PROMPT, program_tokens
from coursekit.datasets.teddy.programs import program
from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.sample import scenes
from coursekit.datasets.teddy.scene import VOCABULARY
from coursekit.datasets.teddy.scene_reader import LARGE, read_scenes
from coursekit.evaluation.enhancement import (
    adherence,
    contradictions,
    even_bits,
    mean_distance,
    seen_words,
    unsaid_bits,
)
from coursekit.evaluation.features import features
from coursekit.experiments.cache import kept_network
from coursekit.experiments.summary import Result, mean, mean_std, over_seeds, prefixed
from coursekit.models.token_transformer import TokenTransformer
from coursekit.pipeline.enhance import (
    WAYS,
    WRITER,
    plain,
    scene_with,
    shipped_writer,
    short,
    written,
)
from coursekit.pipeline.loose_phrases import ORDER, NotUnderstood
from coursekit.pipeline.loose_prompts import UNSAID
from coursekit.pipeline.pipeline import Pipeline, from_checkpoint
from coursekit.pipeline.retrieval import Attributes, attributes_of
from coursekit.pipeline.sample_command import DEFAULT, MODELS
from coursekit.training.recipe_text import next_token_loss

Way = Callable[[Attributes, int], Attributes]
NAMES = ("raw", *WAYS, "taught")
COUNT, STEPS, BATCH, RATE = 9600, 300, 32, 1e-3  # of the copy's lessons


def part_of(
    full: Attributes, rng: np.random.Generator, count: int | None = None
) -> Attributes:
    """Some attributes of a scene that captions have words for, `count` or any number.

    Of no hat, no glasses and arms down no caption speaks. Fur, action and place are
    always there, so count may be 1 to 3.
    """
    loud = [n for n in ORDER if n == "action" or full[n] != UNSAID.get(n)]
    size = int(rng.integers(len(loud) + 1)) if count is None else count
    chosen = set(rng.choice(loud, size, replace=False).tolist())
    return {name: full[name] for name in ORDER if name in chosen}


def wishes(count: int) -> list[Attributes]:
    """What short sentences say: that it reads; then 1 to 3 things of test scenes."""
    rng, found = np.random.default_rng(0), [{"action": "reading"}]
    for scene in scenes(0, "test"):
        said = part_of(attributes_of(scene), rng, 1 + len(found) % 3)
        found += [said] if said not in found else []
        if len(found) >= count:
            break
    return found[:count]


def taught(quick: bool = False) -> TokenTransformer:
    """The shipped writer after STEPS more steps, its captions cut short at random."""
    count, steps = (BATCH, 1) if quick else (COUNT, STEPS)

    def train(model: TokenTransformer) -> None:
        rng, stream = np.random.default_rng(0), scenes(1)
        chosen = [next(stream) for _ in range(count)]
        tokens = program_tokens()
        told = [short(part_of(attributes_of(scene), rng)) for scene in chosen]
        programs = tokens.write([program(scene) for scene in chosen])
        rows = torch.cat([tokens.encode(told, PROMPT), programs], dim=1)
        optimiser = torch.optim.Adam(model.parameters(), RATE)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, steps + 1)
        luck = torch.Generator().manual_seed(0)
        for _ in range(steps):
            batch = rows[torch.randint(count, (BATCH,), generator=luck)]
            everywhere = torch.ones_like(batch, dtype=torch.bool)
            loss = next_token_loss(model, batch, everywhere, PROMPT)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()

    settings = (WRITER, count, steps, BATCH, RATE)
    copy = shipped_writer().requires_grad_(True)
    return kept_network("enhancement/taught", settings, copy, train)


def expanded(
    said: Sequence[Attributes], seed: int, way: Way
) -> tuple[list[Attributes], int]:
    """Full attributes for each wish; how often "plain" stood in for a refusal."""
    full, refused = list[Attributes](), 0
    for each in said:
        try:
            full.append(way(each, seed))
        except NotUnderstood:
            full.append(plain(each, seed))
            refused += 1
    return full, refused


def one_way(
    pipe: Pipeline, said: Sequence[Attributes], seeds: Sequence[int], way: Way | None
) -> Result:
    """All of one way's keys (`measure`); None: the short sentence itself is drawn.

    Whatever the way, pictures of a seed start from the same noise.
    """
    valid, refused, expanding, drawing = 0, 0, 0.0, 0.0
    images, seen, told = [], [], []
    for seed in seeds:
        begin = time.perf_counter()
        if way is None:
            prompts = [short(each) for each in said]
            told.append(list(said))
        else:
            full, gaps = expanded(said, seed, way)
            refused += gaps
            prompts = [caption(scene_with(each)) for each in full]
            told.append([read_back(prompt) for prompt in prompts])
        middle = time.perf_counter()
        images.append(pipe.draw(prompts, seed))
        drawing += time.perf_counter() - middle
        expanding += middle - begin
        readings = read_scenes(images[-1])
        seen.append([seen_words(each) for each in readings])
        valid += sum(each.valid for each in readings)
    count = len(said) * len(seeds)
    result: Result = over_seeds("adherence", [adherence(said, each) for each in seen])
    result |= {
        "valid": valid / count,
        "contradictions": sum(contradictions(said, each) for each in told),
        "refused": refused,
        "seconds": expanding / count,
        "drawing": drawing / count,
    }
    spread = [
        mean_distance(torch.from_numpy(features("teddy", np.stack(group))))
        for group in zip(*images, strict=True)
    ]
    result |= with_error("distance", spread)
    for name in VOCABULARY:
        drawn, asked = (
            unsaid_bits(said, list(zip(*rows, strict=True)), name)
            for rows in (seen, told)
        )
        result |= with_error(f"{name}_bits", drawn)
        result[f"{name}_asked"] = mean(asked)
    return result


def read_back(prompt: str) -> Attributes:
    """What a caption of one bear says, by the captions' own parser."""
    told = parse_caption(prompt)
    return told.clauses[0][1]._asdict() | {"place": told.place}


def with_error(name: str, values: Sequence[float]) -> Result:
    """Their mean, and one standard error of it."""
    middle, std = mean_std(values)
    return {name: middle, f"{name}_error": std / len(values) ** 0.5}


def measure(seeds: Sequence[int] = (0, 1, 2, 3), quick: bool = False) -> Result:
    """Everything of 08a.C.

    Keys: `wishes`, `seeds`, how many; `reader`: adherence of real pictures; `steps`,
    `batch`: of the copy's lessons; `dice_{attribute}_bits`: what fair dice give with as
    many throws. For each of NAMES, `{name}_` and:
    `adherence`: the share of what was said that the pictures show, over seeds;
    `valid`: the share of pictures that look like scenes;
    `contradictions`: captions that say another word than the wish;
    `refused`: how often the language model gave up, and "plain" stood in;
    `seconds` to expand a wish, `drawing` to draw a picture;
    `distance`: of two pictures of a wish, in features of the second reader;
    `{attribute}_bits`: entropy over the seeds of what pictures show where the wish
    leaves it open; both with `_error`, one standard error over the wishes;
    `{attribute}_asked`: the same of the captions (0 for "raw": it asks for nothing).
    """
    said = wishes(4 if quick else 24)
    seeds = seeds[:2] if quick else seeds
    pipe = from_checkpoint(MODELS[DEFAULT])
    pipe = pipe.swap(steps=4) if quick else pipe
    real = render([scene_with(plain(each, 0)) for each in said], LARGE)
    result: Result = {
        **{"wishes": len(said), "seeds": len(seeds), "steps": STEPS, "batch": BATCH},
        "reader": adherence(said, [seen_words(each) for each in read_scenes(real)]),
    }
    for name in VOCABULARY:
        result[f"dice_{name}_bits"] = even_bits(len(VOCABULARY[name]), len(seeds))
    ways: dict[str, Way] = {**WAYS, "taught": partial(written, model=taught(quick))}
    for name in NAMES:
        way = None if name == "raw" else ways[name]
        result |= prefixed(name, one_way(pipe, said, seeds, way))
    return result

"""How the exercises of lecture 6, first half, are tried: fresh inputs, and a look."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from coursekit.checks.spec import BadResult, Function, Inputs
from coursekit.checks.tried import (
    Results,
    Tries,
    array,
    column,
    count,
    draws,
    equals,
    generator,
    refusal,
    slopes,
    vectors,
)
from coursekit.models.lora import Weights, delta_weight
from coursekit.theory.dreambooth import Rows

PROBES = Tries()
tried = PROBES.tried

# 6.1 and 6.2: times and shift
MANY = 20_000  # times: their quantiles move by less than QUANTILES allows
SHARES = torch.tensor([0.05, 0.25, 0.5, 0.75, 0.95], dtype=torch.float64)
QUANTILES = (0.0, 0.08)


def _law(seed: int) -> Inputs:
    rng, dtype = generator(seed), (np.float64, np.float32)[seed % 2]
    mean, std = float(rng.uniform(0.4, 1.2)), float(rng.uniform(0.55, 0.8))
    t = rng.uniform(0.05, 0.95, 9).astype(dtype)
    return {"mean": mean, "std": std, "t": t, "stir": int(rng.integers(1, 10**6))}


def _bell(i: Inputs) -> Any:
    """The density by the chain rule: the normal law's at the logit, times its slope."""
    t, std = i["t"].astype(float), i["std"]
    z = (np.log(t) - np.log1p(-t) - i["mean"]) / std
    return np.exp(-z * z / 2) / np.sqrt(2 * np.pi) / std * (1 / t + 1 / (1 - t))


@tried(
    "06a.1",
    _law,
    cases=("float64 times", "float32 times"),
    oracles=(
        equals(
            "density",
            lambda i: _bell(i).astype(i["t"].dtype),
            "the density is that of the normal law at logit(t), times the slope of "
            "logit, which is 1 / (t (1 - t))",
        ),
    ),
    tolerances={"logits of the samples' quantiles": QUANTILES},
)
def logit_normal(fn: Function, i: Any) -> Results:
    law = fn(i.mean, i.std)
    if not hasattr(law, "sample"):
        raise BadResult("it must return a law: keep the class as it was handed out")
    before = torch.get_rng_state()
    drawn, again = (
        law.sample(MANY, torch.Generator().manual_seed(i.stir)) for _ in range(2)
    )
    if not torch.equal(before, torch.get_rng_state()):
        raise BadResult(
            "it draws from torch's global generator, or seeds it: use what it is "
            "given, its noise or its generator"
        )
    if array(drawn).dtype != np.float32 or drawn.shape != (MANY,):
        raise BadResult(
            f"sample({MANY}) returns {drawn.dtype} {tuple(drawn.shape)}: {MANY} "
            "float32 numbers are wanted, one time each"
        )
    places = torch.quantile(drawn.double(), SHARES)
    return {
        "logits of the samples' quantiles": torch.logit(places, 1e-6),
        "the same seed, the same times": count(torch.equal(drawn, again)),
        "density": law.density(i.t),
    }


class _Parabola:
    """A law whose samples no weight may depend on."""

    def sample(self, count: int, generator: Any = None) -> Tensor:
        return 0.3 + 0.5 * torch.linspace(0, 1, count, dtype=torch.float64)

    def density(self, t: Tensor) -> Tensor:
        return 6 * t * (1 - t)


def _losses(seed: int) -> Inputs:
    rng, dtype = generator(seed), (np.float64, np.float32)[seed % 2]
    drawn = {name: rng.uniform(0.1, 0.9, 9).astype(dtype) for name in ("t", "losses")}
    return drawn | {"few": 3 + seed % 2}


@tried("06a.2", _losses, cases=("a batch", "float32"))
def weighed(fn: Function, i: Any) -> Results:
    losses = i.losses.requires_grad_()
    found = fn(losses, i.t, _Parabola())
    few = fn(i.losses.detach()[: i.few], i.t[: i.few], _Parabola())
    return {"mean loss": found, "mean of few": few, **slopes(found, losses=losses)}


@tried("06a.6", draws("xt", t=(0, 0.95)))
def estimate_value(fn: Function, i: Any) -> Results:
    return {"values": fn(i.xt, i.t), "value of one": fn(i.xt[2:3], i.t[2:3])}


def _shifts(seed: int) -> Inputs:
    rng = generator(seed)
    shape = ((9,), (3, 4), ())[seed % 3]
    t = np.asarray(rng.uniform(0.05, 0.95, shape))
    return {"t": t, "factor": float(rng.uniform(1.5, 5)), "ends": np.array([0.0, 1.0])}


@tried(
    "06a.7",
    _shifts,
    cases=("times (B,)", "a table of times", "one time"),
    oracles=(
        equals(
            "shifted times",
            lambda i: 1 / (1 + (1 / i["t"] - 1) / i["factor"]),
            "t / (1 - t), noise over data, must be `factor` times as large afterwards",
        ),
    ),
)
def shift_time(fn: Function, i: Any) -> Results:
    return {
        "shifted times": fn(i.t, i.factor),
        "shifted and back": fn(fn(i.t, i.factor), 1 / i.factor),
        "shifted 0 and 1": fn(i.ends, i.factor),
    }


def _two_views(seed: int) -> Inputs:
    rng, dtype = generator(seed), np.float32 if seed % 2 else np.float64
    shape = (5, 6, 3) if seed % 2 else (4, 3, 7)
    long = rng.uniform(0.3, 3.0, (2, *shape[:2], 1))  # no two tokens of one length
    projected, features = (long * rng.standard_normal((2, *shape)) + 0.4).astype(dtype)
    return {"projected": projected, "features": features}


@tried("06a.15", _two_views, cases=("tokens (B, T, D)", "another shape, float32"))
def alignment_loss(fn: Function, i: Any) -> Results:
    projected, features = i.projected.requires_grad_(), i.features.requires_grad_()
    loss = fn(projected, features)
    return {"loss": loss, **slopes(loss, projected=projected, features=features)}


def _plates(seed: int) -> Inputs:
    rng = generator(seed)
    sources = (2, 5, 3)[seed % 3]
    shares = rng.uniform(0.2, 3.0, sources)
    if seed % 3 == 1:
        shares[0] = shares[3] = 0.0  # nothing from these
    if seed % 3 == 2:
        shares = np.sort(shares) / shares.sum()
        shares[0] *= 0.02  # so rare that most batches have none of it
    return {"shares": shares, "size": (7, 16, 12)[seed % 3], "luck": rng.random()}


@tried(
    "06a.18",
    _plates,
    cases=("two sources", "five sources, two of them empty", "a rare source"),
)
def sources(fn: Function, i: Any) -> Results:
    found = {
        "source of each row": fn(i.shares, i.size, i.luck),
        "source of each row at luck 0": fn(i.shares, i.size, 0.0),
    }
    batches = [array(fn(i.shares, i.size, (n + 0.5) / 97)) for n in range(97)]
    kinds = range(len(i.shares))
    rows = [[float((batch == kind).sum()) for kind in kinds] for batch in batches]
    average = torch.tensor(rows).double().mean(0)
    return {**found, "rows of each source, on average over luck": average}


def _menus(seed: int) -> Inputs:
    rng = generator(seed)
    first, last = rng.uniform(0.2, 4.0, (2, 2 + seed % 3))
    return {"first": first, "last": 3 * last, "progress": rng.uniform(0.1, 0.4)}


@tried("06a.19", _menus, cases=("two sources", "three sources", "four sources"))
def curriculum(fn: Function, i: Any) -> Results:
    found = {
        f"shares, {way}": fn(i.first, i.last, i.progress, way)
        for way in ("linear", "cosine")
    }
    found["shares, linear, late"] = fn(i.first, i.last, 1 - i.progress / 2, "linear")
    found["shares before the start"] = fn(i.first, i.last, -i.progress, "linear")
    found["shares after the end"] = fn(i.first, i.last, 1 + i.progress, "cosine")
    return found


class _Moody(nn.Module):
    """A network that answers otherwise in training, and remembers how it was asked."""

    def __init__(self, weight: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(weight, dtype=torch.float64))
        self.training_when_asked = self.gradient_when_asked = False

    def forward(self, x: Tensor, t: Tensor, cond: Tensor | None = None) -> Tensor:
        self.training_when_asked |= self.training
        self.gradient_when_asked |= torch.is_grad_enabled()
        told: Any = 0.0 if cond is None else column(cond, x)
        answer: Tensor = self.weight * torch.tanh(x) * (1 + column(t, x)) + told
        return answer * (1.5 if self.training else 1.0)


@tried("06a.22", draws("x0", "eps", t=(0, 1), weight=(0.5, 1.5)))
def velocity_error(fn: Function, i: Any) -> Results:
    model = _Moody(i.weight)
    busy = fn(model.train(), i.x0, i.eps, i.t)
    found = {
        "error": busy,
        "model in training mode when asked": count(model.training_when_asked),
        "gradients on when asked": count(model.gradient_when_asked),
        "model in training mode afterwards": count(model.training),
    }
    idle = fn(model.eval(), i.x0, i.eps, i.t, 3 * i.t)
    return {
        **found,
        "error with a condition": idle,
        "training mode afterwards, of a model in eval mode": count(model.training),
    }


# 6.6 and 6.7: one subject, few numbers


class _Told:
    """A network that hears times and words; it remembers how many rows it saw."""

    def __init__(self) -> None:
        self.weight = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
        self.rows = 0

    def __call__(self, x: Tensor, t: Tensor, cond: Tensor) -> Tensor:
        self.rows += len(x)
        said = torch.sin(cond.double()).sum(1, keepdim=True)
        answer: Tensor = self.weight * torch.tanh(x) * (1 + t[:, None]) + 0.3 * said
        return answer


def _few_and_many(seed: int) -> Inputs:
    n, m = ((2, 5), (5, 3), (4, 4))[seed % 3]
    rng = generator(seed + 1)
    made = vectors(seed, x=(n + m, 6), eps=(n + m, 6))
    made |= {"t": rng.uniform(0.1, 0.9, n + m), "ids": rng.integers(0, 40, (n + m, 3))}
    return made | {"few": n, "weight": float(rng.uniform(0.2, 0.8))}


@tried("06a.25", _few_and_many, cases=("a larger prior", "a smaller one", "equal"))
def dreambooth_loss(fn: Function, i: Any) -> Results:
    rows, model, alone = Rows(i.x, i.t, i.eps, i.ids), _Told(), _Told()
    own, prior = (
        Rows(*(part[at] for part in rows))
        for at in (slice(None, i.few), slice(i.few, None))
    )
    loss = fn(model, own, prior, i.weight)
    plain = fn(alone, own, prior, 0.0)
    return {
        "loss": loss,
        **slopes(loss, weight=model.weight),
        "loss with weight 0": plain,
        "rows that the network sees with weight 0": count(alone.rows),
    }


def _linear_map(seed: int) -> Inputs:
    shapes = {"w": (7, 5), "b": (7,), "down": (3, 5), "up": (7, 3), "shift": (7,)}
    return vectors(seed, x=((4, 5), (2, 3, 5))[seed % 2], **shapes)


def _set(parameter: Any, value: Tensor) -> None:
    if not isinstance(parameter, nn.Parameter) or parameter.shape != value.shape:
        raise BadResult(f"down, up and shift are nn.Parameter, here {value.shape}")
    parameter.data.copy_(value)


def _module(found: Any) -> Any:
    if not isinstance(found, nn.Module):
        raise BadResult("it is not a network: keep the class as it was handed out")
    return found


@tried("06a.26", _linear_map, cases=("vectors", "tokens (B, T, D)"))
def lora_linear(fn: Function, i: Any) -> Results:
    base = nn.Linear(5, 7).double()
    _set(base.weight, i.w)
    _set(base.bias, i.b)
    model, other = _module(fn(base, 3, 8.0)), fn(base, 3, 8.0)
    fresh = model(i.x)
    learn = [p for p in model.parameters() if p.requires_grad]
    results: dict[str, Any] = {
        "output of a new one": fresh,
        "numbers that learn": count(sum(p.numel() for p in learn)),
        "A is random": count(not torch.equal(model.down, other.down)),
        "A has the size of a new map's weight": count(
            bool(model.down.abs().max() <= 5**-0.5)
        ),
    }
    _set(model.down, i.down)
    slope = slopes(model(i.x).square().sum(), down=model.down, up=model.up)
    results |= {f"first {name}": value for name, value in slope.items()}
    _set(model.up, i.up)
    results["output"] = model(i.x)
    model.strength = 0.25
    results["output with strength 0.25"] = model(i.x)
    model.strength = 0.0
    results["output with strength 0"] = model(i.x)
    told = fn(base, 3, 8.0, True)
    for name in ("down", "up", "shift"):
        _set(getattr(told, name), i[name])
    results["output with a bias"] = told(i.x)
    results["refuses rank 0"] = refusal(lambda: fn(base, 0, 8.0))
    return results


def _factors(seed: int) -> Inputs:
    shapes = (
        {"down": (3, 5), "up": (7, 3)},
        {"down": (4, 2, 3, 2), "up": (6, 2, 1, 1)},  # two groups
        {"down": (4, 1, 3, 3), "up": (8, 1, 1, 1)},  # r = g, depthwise
    )
    return vectors(seed, **shapes[seed % 3])


def _group_by_group(i: Inputs) -> Any:
    down, up = i["down"], i["up"]
    r = up.shape[1]
    g, out = len(down) // r, len(up) * r // len(down)
    parts = [
        np.tensordot(
            up[k * out : (k + 1) * out].reshape(out, r), down[k * r : (k + 1) * r], 1
        )
        for k in range(g)
    ]
    return np.concatenate(parts)


@tried(
    "06a.27",
    _factors,
    cases=("a linear map", "two groups", "as many groups as numbers"),
    oracles=(
        equals(
            "change",
            _group_by_group,
            "group k of the change must be rows k of up times rows k of down",
        ),
    ),
)
def change_of_weight(fn: Function, i: Any) -> Results:
    down, up = i.down.requires_grad_(), i.up.requires_grad_()
    found = fn(down, up)
    return {"change": found, **slopes(found, down=down, up=up)}


def _network() -> nn.Module:
    block = nn.ModuleDict({"qkv": nn.Linear(4, 12), "out": nn.Linear(4, 4)})
    blocks = nn.ModuleList([block, nn.ModuleDict({"out": nn.Linear(4, 4)})])
    stem = nn.Conv2d(2, 4, 3, groups=2)
    parts = {"stem": stem, "blocks": blocks, "outer": nn.Linear(4, 2)}
    return nn.ModuleDict(parts | {"norm": nn.LayerNorm(4)}).double()


_PATTERNS = (r"\.(qkv|out)$", r"stem|^outer", r"^blocks\.0")


def _which_maps(seed: int) -> Inputs:
    rng = generator(seed)
    rank, alpha = 2 * int(rng.integers(1, 5)), float(rng.integers(9, 30))
    return {"which": seed % 3, "rank": rank, "alpha": alpha}


@tried("06a.28", _which_maps, cases=("attention", "a name", "a block"))
def inject(fn: Function, i: Any) -> Results:
    model, untouched = _network(), _network()
    names = [name for name, _ in model.named_modules()]
    if fn(model, i.rank, i.alpha, _PATTERNS[i.which]) is not model:
        raise BadResult("it must change the model itself, and return it")
    inside = [n for n, part in model.named_modules() if hasattr(part, "down")]
    scales = [
        part.alpha / part.rank for part in model.modules() if hasattr(part, "down")
    ]
    refused = refusal(lambda: fn(untouched, 2, 9.0, "nothing"))
    return {
        "maps with LoRA": torch.tensor([names.index(n) for n in inside]),
        "numbers that learn": count(
            sum(p.numel() for p in model.parameters() if p.requires_grad)
        ),
        "alpha / r": torch.tensor(scales),
        "refuses a name that nobody has": refused,
        "and then leaves the network as it was": count(
            all(p.requires_grad for p in untouched.parameters())
        ),
    }


def _worn(seed: int) -> Inputs:
    shapes: dict[str, Any] = {"a weight": (6, 20), "a bias": (6,), "b weight": (8, 18)}
    shapes |= {"a down": (4, 20), "a up": (6, 4), "a shift": (6,), "norm": (3,)}
    return vectors(seed, **shapes, **{"b down": (16, 18), "b up": (8, 16)})


@tried("06a.29", _worn, cases=("ranks 4 and 16", "the factors in another order"))
def merged(fn: Function, i: Any) -> Results:
    weights: Weights = {"a.b.weight": i["a weight"], "a.b.bias": i["a bias"]}
    weights |= {"b.weight": i["b weight"], "norm": i["norm"]}
    eight = torch.tensor(8.0)
    adapter: Weights = {"a.b.down": i["a down"], "a.b.up": i["a up"]}
    adapter |= {"a.b.alpha": eight, "b.down": i["b down"], "b.up": i["b up"]}
    adapter |= {"b.alpha": eight, "a.b.shift": i["a shift"]}
    if i["a weight"][0, 0] > 0:
        adapter = dict(reversed(adapter.items()))
    before = {k: v.clone() for k, v in weights.items()}
    found, half = fn(weights, adapter), fn(weights, adapter, 0.5)
    broken = {k: v * float("nan") for k, v in adapter.items()}
    off = fn(weights, broken, 0.0)
    if not all(isinstance(each, dict) for each in (found, half, off)):
        raise BadResult("it must return a dict of all weights, by name")
    if any(not torch.equal(weights[k], v) for k, v in before.items()):
        raise BadResult("it changes the weights that it is given: make a new dict")
    stranger = {"c.down": i["b down"], "c.up": i["b up"], "c.alpha": eight}
    change = 0.5 * delta_weight(i["b down"], i["b up"])
    results: dict[str, Any] = {"how many weights": count(len(found))}
    for name in before:
        if name not in found or name not in half or name not in off:
            raise BadResult(f"{name} is missing: return all weights, changed or not")
        results[name] = found[name]
        results[f"{name} at half strength"] = half[name]
        results[f"{name} at strength 0, of a broken adapter"] = off[name]
    results["b.weight less its change"] = found["b.weight"] - change
    results["refuses another network's map"] = refusal(lambda: fn(weights, stranger))
    return results


class _Stage(nn.Module):
    """A few tensors of every kind: tables, maps, a bias, a buffer, a single number."""

    def __init__(self, shapes: dict[str, tuple[int, ...]], i: Any) -> None:
        super().__init__()
        for name, shape in shapes.items():
            value = i[f"now {name}"].clone().reshape(shape)
            if name in ("average", "count"):
                self.register_buffer(name, value)
            else:
                self.register_parameter(name, nn.Parameter(value))


# The name of a tensor -> its shape in the stage before, and now (None: not there).
_SHAPES: dict[str, tuple[tuple[int, ...] | None, tuple[int, ...] | None]] = {
    "embed": ((4, 3), (4, 6)),
    "place": ((5, 4), (7, 4)),
    "body": ((4, 4), (4, 4)),
    "average": ((4,), (4,)),
    "count": ((), ()),
    "shorter": ((6, 2), (3, 2)),
    "flat": ((4, 1), (4,)),
    "new": (None, (2, 3)),
    "old": ((3, 2), None),
    "head": ((3, 4), (6, 4)),
}


def _two_stages(seed: int) -> Inputs:
    rng, found = generator(seed), Inputs()
    for name, (before, now) in _SHAPES.items():
        if before is not None:
            found[f"known {name}"] = np.asarray(rng.standard_normal(before))
        if now is not None:
            found[f"now {name}"] = np.asarray(rng.standard_normal(now))
    return found


@tried("06a.36", _two_stages)
def warm_start(fn: Function, i: Any) -> Results:
    now = {name: shape for name, (_, shape) in _SHAPES.items() if shape is not None}
    model = _Stage(now, i)
    known = {
        name: i[f"known {name}"].reshape(shape)
        for name, (shape, _) in _SHAPES.items()
        if shape is not None
    }
    fresh = fn(model, {name: value.clone() for name, value in known.items()})
    if not isinstance(fresh, list) or not all(isinstance(n, str) for n in fresh):
        raise BadResult("it must return a list of names: those that stay fresh")
    order = list(model.state_dict())
    places = [order.index(name) if name in order else -1 for name in fresh]
    own = {f"tensor {name}": value for name, value in model.state_dict().items()}
    return {**own, "places of the fresh names": torch.tensor(places).double()}

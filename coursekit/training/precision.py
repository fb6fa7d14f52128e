"""In which numbers a training multiplies: float32, or bf16 where that is faster.

bf16 keeps eight bits of a number. Under torch's autocast, matrix products and
convolutions are made in it; weights, their average and the optimiser stay in float32.

Only networks multiply in bf16: what they answer is float32 again before a loss sees it.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map

PRECISIONS = ("float32", "bf16")


def native_bf16() -> bool:
    """Whether this processor multiplies bf16 numbers itself, as torch tells.

    Others take them apart: that works, and is slower than float32.
    """
    names = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    asked = [getattr(torch.cpu, name, None) for name in names]
    return any(ask() for ask in asked if ask is not None)


class InBf16:
    """`with InBf16(networks, device):` they multiply in bf16 and answer in float32.

    Around it nothing changes: losses know nothing of it, and a copy of a network is an
    ordinary network. The same functions come and go each time, so what torch has
    compiled stays compiled.
    """

    def __init__(self, networks: Iterable[nn.Module], device: str) -> None:
        """The networks are changed between entering and leaving only."""
        kind = torch.device(device).type
        self.forwards = [(each, lowered(each.forward, kind)) for each in networks]

    def __enter__(self) -> None:
        """Put the other forward before each network's own."""
        for network, forward in self.forwards:
            network.__dict__["forward"] = forward

    def __exit__(self, *_: object) -> None:
        """Leave the networks as they were."""
        for network, _forward in self.forwards:
            del network.__dict__["forward"]


def lowered(forward: Callable[..., Any], kind: str) -> Callable[..., Any]:
    """The same function under autocast, its answers in float32. kind: of device."""

    def run(*args: Any, **kwargs: Any) -> Any:
        with torch.autocast(kind, torch.bfloat16):
            answer = forward(*args, **kwargs)
        return tree_map(raised, answer)

    return run


def raised(answer: Any) -> Any:
    """A tensor of bf16 in float32; anything else as it is."""
    is_low = isinstance(answer, Tensor) and answer.dtype == torch.bfloat16
    return answer.float() if is_low else answer


def choose(
    wanted: str | None, recorded: str | None, device: str, usual: bool
) -> tuple[str, str]:
    """The precision of a run, and a line that says what is unexpected about it.

    wanted: by the command; recorded: of the run that goes on; usual: whether it is bf16
    where nobody says otherwise. A processor without bf16 takes float32, and nothing is
    said of what nobody asked for.
    """
    missing = device == "cpu" and not native_bf16()
    asked = wanted or recorded
    chosen = asked or ("bf16" if usual and not missing else "float32")
    note = ""
    if chosen == "bf16" and missing:
        chosen, note = "float32", "this processor has no bf16: float32. "
    if recorded is not None and chosen != recorded:
        note += (
            f"this run used {recorded}, now {chosen}: it goes on, but not bit for bit "
            "as it would have"
        )
    return chosen, note.strip()

"""In which numbers a training multiplies: float32, or bf16 where that is faster.

bf16 keeps eight bits of a number. Under torch's autocast, matrix products and
convolutions are made in it; weights, their average and the optimiser stay in float32.
"""

import torch

PRECISIONS = ("float32", "bf16")


def native_bf16() -> bool:
    """Whether this processor multiplies bf16 numbers itself, as torch tells.

    Others take them apart: that works, and is slower than float32.
    """
    names = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    asked = [getattr(torch.cpu, name, None) for name in names]
    return any(ask() for ask in asked if ask is not None)


def choose(
    wanted: str | None, recorded: str | None, device: str, gpu_bf16: bool
) -> tuple[str, str]:
    """The precision of a run, and a line that says what is unexpected about it.

    wanted: by the command; recorded: of the run that goes on; else float32, on a GPU
    bf16 where the profile says so (gpu_bf16). Without bf16 in the processor: float32.
    """
    found = wanted or recorded or ("bf16" if device != "cpu" and gpu_bf16 else None)
    chosen = found or "float32"
    note = ""
    if chosen == "bf16" and device == "cpu" and not native_bf16():
        chosen, note = "float32", "this processor has no bf16: float32. "
    if recorded is not None and chosen != recorded:
        note += (
            f"this run used {recorded}, now {chosen}: it goes on, but not bit for bit "
            "as it would have"
        )
    return chosen, note.strip()

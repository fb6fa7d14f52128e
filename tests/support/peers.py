"""How a formula of ours is compared with a peer library's."""

import pytest

ROUNDING = 1e-12


def peer_module(name):
    """A module of a peer library; without it the test skips."""
    apart = {"torchcfm": "torchcfm", "pytorch_fid": "pytorch-fid"}
    extra = f"--no-deps {apart[name]}" if name in apart else "-e '.[parity]'"
    reason = f"needs {name.partition('.')[0]}: pip install {extra} -c constraints.txt"
    return pytest.importorskip(name, reason=reason)


class AsFloat64:
    """torch or numpy with float64 in float32's place: a module that says float32 to
    drop digits keeps them."""

    def __init__(self, module):
        self.module, self.float32 = module, module.float64

    def __getattr__(self, name):
        return getattr(self.module, name)


def worst(name, ours, theirs):
    """The largest difference, relative to the values where they exceed 1."""
    ours, theirs = ours.detach(), theirs.detach()
    value = float((ours - theirs).abs().max() / theirs.abs().max().clamp(min=1))
    print(f"{name}: {value:.1e}")
    return value


def no_further(ours, theirs, truth):
    """Ours is as near to the float64 truth as theirs."""
    mine, other = (float((got - truth).abs().max()) for got in (ours, theirs))
    print(f"  from float64: ours {mine:.1e}, theirs {other:.1e}")
    return mine <= other + 1e-6

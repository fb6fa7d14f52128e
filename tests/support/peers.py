"""How a formula of ours is compared with a peer library's."""


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

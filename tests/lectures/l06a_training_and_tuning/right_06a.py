"""Right versions of lecture 06a's exercises in other styles: each must pass."""

import torch

from coursekit.checks.spec import Function


def assembled(model, weights):
    """A whole new state, loaded at once."""
    state, fresh = {}, []
    for name, own in model.state_dict().items():
        old = weights.get(name, own)
        rows = len(own) - len(old) if own.ndim == old.ndim > 0 else 0
        if name in weights and own.shape == old.shape:
            state[name] = old
        elif rows > 0 and old.shape == (len(old), *own.shape[1:]):
            state[name] = torch.cat([old, own[len(old) :]])
        else:
            state[name] = own
            fresh += [name]
    model.load_state_dict(state)
    return fresh


RIGHT: dict[str, tuple[Function, ...]] = {
    "06a.14": (assembled,),
}

"""A second loss for a network's hidden tokens: be like a teacher's (REPA)."""

from torch import Tensor
from torch.nn.functional import cosine_similarity


def alignment_loss(projected: Tensor, features: Tensor) -> Tensor:
    """How little projected tokens point the way of a teacher's (Yu et al. 2024, REPA).

    The mean, over all patches of all pictures, of minus the cosine between a projected
    token and the teacher's feature of the same patch. Each patch has a cosine of its
    own. The teacher does not learn: no gradient reaches `features`, wherever they come
    from. projected, features: (B, T, D). Returns a scalar from -1 (all agree) to 1.
    """
    return -cosine_similarity(projected, features.detach(), dim=-1).mean()

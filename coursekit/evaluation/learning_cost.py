"""What a model costs to learn: read off the curve of its error over what was spent."""

import math
from collections.abc import Sequence


def cost_at(costs: Sequence[float], errors: Sequence[float], level: float) -> float:
    """What had been spent when an error first came down to `level`.

    costs: rising, above 0, such as FLOPs; errors: measured there, as many. Between two
    measurements the error is a straight line over the logarithm of the cost. Returns
    the first cost if the curve begins at the level or below, and infinity if it never
    comes down to it. What happens later, such as a rise, does not count.
    """
    if errors[0] <= level:
        return costs[0]
    for i in range(1, len(costs)):
        if errors[i] <= level:
            way = (errors[i - 1] - level) / (errors[i - 1] - errors[i])
            low, high = math.log(costs[i - 1]), math.log(costs[i])
            return math.exp(low + way * (high - low))
    return math.inf

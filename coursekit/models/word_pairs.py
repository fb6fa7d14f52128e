"""A sentence as one vector, without a transformer: what each word says of the next.

In a small grammar a word counts with its neighbour: "red hat", "green shirt", "brown
teddy". A text encoder that is asked for one vector has to find that out; here every
pair has its say from the first step.
"""

import torch
from torch import Tensor, nn

from coursekit.models.conditioning import END, START

PAD = 0  # as START and END, of coursekit.datasets.tokens
SPREAD = 0.7  # of the entries of both tables, so that a pair's are about half


class WordPairs(nn.Module):
    """Token ids to the sum, over neighbours, of a code of the first times one of both.

    The product makes "red hat" another code than "red shirt": a sum of two would not.
    """

    def __init__(self, vocabulary: int, width: int) -> None:
        """Fresh tables from torch's global generator."""
        super().__init__()
        self.first = nn.Parameter(SPREAD * torch.randn(vocabulary, width))
        self.second = nn.Parameter(SPREAD * torch.randn(vocabulary, width))

    def forward(self, ids: Tensor) -> Tensor:
        """ids: (B, L) long, of a `Tokenizer`; padding says nothing. (B, width)."""
        pairs = self.first[ids[:, :-1]] * self.second[ids[:, 1:]]
        said: Tensor = (pairs * (ids[:, 1:] != PAD)[..., None]).sum(dim=1)
        return said

    def nothing(self, device: torch.device) -> Tensor:
        """The ids of a sentence without words, (1, 2)."""
        return torch.tensor([[START, END]], device=device)

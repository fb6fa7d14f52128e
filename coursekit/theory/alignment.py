"""Does a picture show what its prompt says? Scores made of what others see in it.

A CLIP brings vectors, a network that answers questions brings answers and chances: here
they become numbers.
"""

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity, logsigmoid


def clip_score(images: Tensor, texts: Tensor) -> Tensor:
    """CLIPScore of pictures and their captions (Hessel et al. 2021).

        2.5 max( cos(image, text), 0 )

    The factor only stretches the usual range of CLIP's cosines. images, texts: (B, D),
    vectors of any length above 0, row by row of one pair. Returns (B,), 0 to 2.5.
    """
    return 2.5 * cosine_similarity(images, texts, dim=-1).clamp(min=0)


def mean_of_means(values: Tensor, groups: Tensor) -> Tensor:
    """The mean over groups of the mean in each group: every group weighs the same.

    TIFA takes it over captions (Hu et al. 2023), GenEval over tasks (Ghosh et al.
    2023); a plain mean would weigh the groups by how much is asked in them.

    values: (N,), numbers or bool; groups: (N,) long, whose each is; the numbers need
    not be consecutive. N > 0. Returns a scalar.
    """
    means = [values[groups == group].float().mean() for group in set(groups.tolist())]
    return torch.stack(means).mean()


def holds(right: Tensor, parents: Tensor) -> Tensor:
    """Answers that count: right, and so are all above them (Cho et al. 2024).

    Whether a bear that is not there wears a red hat is no question: what hangs on a
    wrong answer is wrong as well, and what hangs on that.

    right: (Q,) bool; parents: (Q,) long, the place of the question that each hangs on,
    before or behind it, -1 for none; without circles. Returns (Q,) bool, a new tensor.
    """
    counts = right.clone()
    for _ in range(len(right)):  # no chain is longer
        above = (parents < 0) | counts[parents.clamp(min=0)]
        counts = counts & above
    return counts


def tifa_score(right: Tensor, parents: Tensor, captions: Tensor) -> Tensor:
    """The share of a caption's questions answered right, mean over captions (TIFA).

    Hu et al. 2023, with the tree of questions of Cho et al. 2024: `holds`, then
    `mean_of_means`. right: (Q,) bool; parents: (Q,) long, -1 for none; captions: (Q,)
    long, which caption each question is about. Returns a scalar, 0 to 1.
    """
    return mean_of_means(holds(right, parents), captions)


def vqa_score(logits: Tensor, yes: int) -> Tensor:
    """VQAScore: the chance of "yes" among all answers (Lin et al. 2024).

        P( "yes" | picture, "does this figure show {text}?" )

    logits: (B, A), of all words that could be the answer, not of yes and no alone: a
    network that would rather say "two" has not said yes. yes: its column. Returns (B,).
    """
    return logits.softmax(dim=-1)[:, yes]


def pick_loss(
    first: Tensor, second: Tensor, texts: Tensor, votes: Tensor, log_scale: Tensor
) -> Tensor:
    """PickScore's loss over two pictures of one prompt (Kirstain et al. 2023).

    A picture's reward is exp(log_scale) cos(picture, text). The chance that the first
    is chosen is the sigmoid of the difference, as Bradley & Terry 1952 have it. The
    loss is the mean of KL(votes || chances): the cross-entropy less the entropy of the
    votes, so a tie that is met exactly costs nothing. (Their code:
    trainer/criterions/clip_criterion.py.)

    first, second, texts: (B, D) of any length above 0; votes: (B,), 1 where the first
    was chosen, 0 the second, 0.5 a tie; log_scale: scalar. Returns a scalar, with
    gradients for all but the votes.
    """
    better = cosine_similarity(first, texts, dim=-1)
    worse = cosine_similarity(second, texts, dim=-1)
    margin = log_scale.exp() * (better - worse)
    cross = -(votes * logsigmoid(margin) + (1 - votes) * logsigmoid(-margin))
    entropy = torch.special.entr(votes) + torch.special.entr(1 - votes)
    loss: Tensor = cross - entropy
    return loss.mean()

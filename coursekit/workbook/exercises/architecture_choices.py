"""Lecture 5, pen and paper: what is easily misunderstood (05.24-05.32)."""

from coursekit.checks.spec import ChoiceQuestion

CHOICES = (
    ChoiceQuestion(
        "05.24",
        "Going down in a U-Net",
        {
            "a": "rows, columns and channels all halve: that is the bottleneck",
            "b": "rows and columns halve, channels stay as they are",
            "c": "rows and columns halve, channels grow, often to twice as many",
            "d": "rows and columns double, channels halve",
        },
        "c",
        {
            "a": "a bottleneck like that would lose nearly all: as the picture gets "
            "smaller, each place gets more channels",
            "b": "then a level would hold a quarter of the numbers of the one above; "
            "more channels make up for part of it",
            "c": "each place stands for four times the area and has more features to "
            "say what is there",
            "d": "this is the way up",
        },
    ),
    ChoiceQuestion(
        "05.25",
        "Every gate of a new DiT is 0, and so is its last layer",
        {
            "a": "it learns: the first step moves the last layer, and the gates follow "
            "from the second on",
            "b": "it never learns: zero times anything is zero",
            "c": "it learns only because of the noise in the optimiser",
            "d": "the gates learn first, the last layer when they are open",
        },
        "a",
        {
            "a": "a gate's gradient is the branch times what comes back from the last "
            "layer: that is 0 once, and not any more after one step",
            "b": "the output is zero, not the gradient: that of the last layer is its "
            "input times the error",
            "c": "plain gradient descent is enough: some gradient is never 0",
            "d": "while the last layer is 0, nothing comes back to the gates",
        },
    ),
    ChoiceQuestion(
        "05.26",
        "Scale, shift and gate of adaLN",
        {
            "a": "one set for each patch, computed from that patch",
            "b": "one set for each sample, the same for all its patches",
            "c": "one set for the whole batch, learnt once",
            "d": "one set for each head of the attention",
        },
        "b",
        {
            "a": "the condition is one vector, time and class: it knows no patches",
            "b": "so adaLN cannot say one thing to the left half and another to the "
            "right: that needs attention",
            "c": "then time and class could not differ between samples",
            "d": "they act on the features before attention splits them into heads",
        },
    ),
    ChoiceQuestion(
        "05.27",
        "Is MM-DiT cross-attention?",
        {
            "a": "yes: picture tokens ask, prompt tokens answer",
            "b": "yes, but with separate weights for both",
            "c": "no: prompt and picture share all weights, so it is self-attention",
            "d": "no: both ask and both answer, so the prompt's tokens change with the "
            "picture, from block to block",
        },
        "d",
        {
            "a": "so it is in cross-attention; here the prompt's tokens ask as well",
            "b": "it has separate weights, and yet one softmax over all tokens of both",
            "c": "one attention, yes, but each stream has its own weights; a single "
            "stream shares them",
            "d": "one softmax runs over words and patches; in cross-attention the "
            "prompt is read but never rewritten",
        },
    ),
    ChoiceQuestion(
        "05.28",
        "Half the patch size, same width and depth",
        {
            "a": "more parameters and more FLOPs",
            "b": "hardly fewer parameters, many more FLOPs",
            "c": "four times the parameters, the same FLOPs",
            "d": "the same parameters and the same FLOPs",
        },
        "b",
        {
            "a": "no block knows how many tokens there are: only embedding and head "
            "change, and they shrink",
            "b": "four times the tokens go through the same weights",
            "c": "it is the other way round: weights are shared by all tokens",
            "d": "four times as many tokens have to be computed",
        },
    ),
    ChoiceQuestion(
        "05.29",
        "A DiT without any positions gets its patches shuffled",
        {
            "a": "its answer is shuffled in the same way, and else the same",
            "b": "its answer does not change at all",
            "c": "its answer is noise: attention needs the order",
            "d": "it finds the right order, since attention sees all patches",
        },
        "a",
        {
            "a": "attention is a sum over tokens, and everything else looks at one "
            "token at a time: order appears nowhere",
            "b": "each token still gets its own answer, which moves along with it",
            "c": "attention does not know that there is an order",
            "d": "nothing in the tokens says where they come from",
        },
    ),
    ChoiceQuestion(
        "05.30",
        "RoPE with its zero in the middle of the picture, or in the corner?",
        {
            "a": "centred is better: distances between patches get smaller",
            "b": "the corner is better: no position is negative",
            "c": "between patches it is the same; it matters for tokens that are not "
            "part of the grid, such as words",
            "d": "it matters for large pictures only",
        },
        "c",
        {
            "a": "moving all patches alike changes no distance",
            "b": "an angle may be negative; only differences count",
            "c": "RoPE sees differences: a shift of all patches cancels, a shift "
            "against the words does not",
            "d": "at any size a common shift cancels between patches",
        },
    ),
    ChoiceQuestion(
        "05.31",
        "What do a U-Net's skips carry?",
        {
            "a": "the time, which the way up would not know otherwise",
            "b": "gradients only: once it is trained they can be cut",
            "c": "what the whole picture shows, past the bottleneck",
            "d": "fine detail: what was lost when the picture got smaller",
        },
        "d",
        {
            "a": "every block is told the time by itself",
            "b": "the way up reads them in every pass: cut, the picture gets blurred",
            "c": "that is what the bottleneck is good at: few places, each of which "
            "has seen much",
            "d": "edges and texture, at full resolution, from before the halving",
        },
    ),
    ChoiceQuestion(
        "05.32",
        "A single-stream block instead of a double one, same width",
        {
            "a": "the words no longer reach the picture",
            "b": "less than half the weights, nearly the same FLOPs",
            "c": "less than half the weights, half the FLOPs",
            "d": "the same weights, half the FLOPs",
        },
        "b",
        {
            "a": "all tokens are in one sequence: they meet in the same attention",
            "b": "one set of weights serves words and patches; as many tokens go "
            "through as many maps as before",
            "c": "FLOPs count what happens to tokens, and there are as many of them",
            "d": "two sets of weights have become one",
        },
    ),
)

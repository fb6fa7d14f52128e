"""Lecture 4, pen and paper: what guidance is and is not (04.31-04.35)."""

from coursekit.checks.spec import ChoiceQuestion

GUIDANCE_CHOICES = (
    ChoiceQuestion(
        "04.31",
        "A classifier from the shelf as a guide",
        {
            "a": "works as it is: a bear is a bear",
            "b": "works at the end of sampling and misleads before: it has never seen "
            "a noisy picture",
            "c": "works if its answer is divided by sigma",
            "d": "cannot work at all, because it has no gradient",
        },
        "b",
        {
            "a": "at t near 1 it sees noise, and its gradient is that of a network "
            "far from everything it was trained on",
            "b": "guidance needs the slope of log p(c | x_t), so the classifier must "
            "be trained on x_t, at all t, and be told t",
            "c": "a factor does not turn the answer to another question into this one",
            "d": "every network has a gradient; the question is whether it points "
            "anywhere",
        },
    ),
    ChoiceQuestion(
        "04.32",
        "A paper says w = 1, and so does our guidance scale",
        {
            "a": "both mean: no guidance",
            "b": "both mean: guidance, and the same amount of it",
            "c": "in the paper of Ho and Salimans it is guidance, w = 0 is none; here "
            "a scale of 1 is none",
            "d": "in the paper it is none, here it is guidance",
        },
        "c",
        {
            "a": "(1 + w) cond - w null at w = 1 is 2 cond - null: that is guidance",
            "b": "scale = 1 + w: the paper's 1 is our 2",
            "c": "scale = 1 + w, so always look which of the two a text means",
            "d": "the other way round: put w = 0 and scale = 1 into the two formulas",
        },
    ),
    ChoiceQuestion(
        "04.33",
        "What classifier-free guidance costs",
        {
            "a": "nothing: it is one line",
            "b": "two answers of the network for each step, so about twice the time; "
            "training costs hardly more",
            "c": "a second network, trained without conditions",
            "d": "a gradient through the network at every step",
        },
        "b",
        {
            "a": "the line is cheap, but it needs both answers",
            "b": "one network learns both, by forgetting some conditions; sampling "
            "asks it twice",
            "c": "one network is enough, because it is trained with and without",
            "d": "that is what classifier guidance pays, for its classifier",
        },
    ),
    ChoiceQuestion(
        "04.34",
        "What does classifier-free guidance sample from?",
        {
            "a": "p(x) p(c | x)^scale, up to a constant",
            "b": "p(x | c), only faster",
            "c": "the conditional law, at a lower temperature",
            "d": "no law with a simple formula: the guided scores of the noise levels "
            "do not belong to one law that is noised",
        },
        "d",
        {
            "a": "at each noise level the score is that of p(x_t) p(c | x_t)^scale, "
            "but noising p(x) p(c | x)^scale gives another law",
            "b": "at scale 1 only; at more than 1 it leaves p(x | c)",
            "c": "narrower it is, and yet another law: the mean moves as well",
            "d": "sharpening and noising do not commute; figure X shows it with "
            "exact scores, so no network is to blame",
        },
    ),
    ChoiceQuestion(
        "04.35",
        "A guidance scale of 30",
        {
            "a": "the picture fits the prompt perfectly and is perfect otherwise",
            "b": "as good as 3: the extra is ignored",
            "c": "it fits the prompt, and all samples look alike, garish and far from "
            "the data",
            "d": "the picture forgets its prompt",
        },
        "c",
        {
            "a": "adherence stops growing early; what grows on is the distance from "
            "the data",
            "b": "nothing ignores it: the two answers are extrapolated 30 times",
            "c": "guidance trades variety for adherence, and beyond a point both the "
            "look and the variety pay",
            "d": "scale 0 forgets it; a large one exaggerates it",
        },
    ),
)

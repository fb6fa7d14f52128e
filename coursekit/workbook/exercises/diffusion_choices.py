"""Lecture 1, pen and paper: six things that are easily misunderstood (01.19-01.24)."""

from coursekit.checks.spec import ChoiceQuestion

CHOICES = (
    ChoiceQuestion(
        "01.19",
        "What does the network predict?",
        {
            "a": "the noise that the last step, from k - 1 to k, has added",
            "b": "all the noise in x_k at once: the eps of q_sample",
            "c": "the slightly cleaner image x_(k-1)",
            "d": "the noise level, that is the step k",
        },
        "b",
        {
            "a": "that noise cannot be told apart from all the noise before it; the "
            "target in L_simple is the eps of the jump from x0 to x_k",
            "b": "L_simple compares the network with the eps of the jump from x0 to "
            "x_k, and the sampler takes away a small share of it",
            "c": "x_(k-1) is what the sampler computes from the network's answer; the "
            "network itself is trained on eps",
            "d": "the level is not predicted: the network is told it, as t = k / T",
        },
    ),
    ChoiceQuestion(
        "01.20",
        "Why does the DDPM sampler add noise?",
        {
            "a": "to make up for the rounding of floating-point numbers",
            "b": "to correct the mistakes of a network that is not trained enough",
            "c": "only to get different images: the same steps without noise would "
            "sample the data just as well",
            "d": "because x_(k-1) given x_k is a distribution, and each step draws "
            "from it; only the result itself should be clean",
        },
        "d",
        {
            "a": "rounding is a million times smaller than sigma_k; the noise belongs "
            "to the mathematics",
            "b": "a perfect network needs the noise too: many x_(k-1) could have led "
            "to the same x_k",
            "c": "with these means and no noise, samples lose variance and come out "
            "blurred; DDIM needs no noise because its step is a different one",
            "d": "a sample of q(x_(k-1) | x_k) is its mean plus noise of variance "
            "sigma_k^2; means alone shrink the distribution",
        },
    ),
    ChoiceQuestion(
        "01.21",
        "Does DDIM need its own training?",
        {
            "a": "nothing: the same network is asked, and only the steps between its "
            "answers differ",
            "b": "the network, with a schedule of T = 20",
            "c": "the network, with a loss for a deterministic sampler",
            "d": "nothing for eta = 1; for every other eta the network is fine-tuned",
        },
        "a",
        {
            "a": "the loss knows only q(x_k | x0), and DDIM's forward process has the "
            "same: the trained network fits both",
            "b": "the network learnt every level k; fewer steps just visit fewer of "
            "them",
            "c": "the loss depends on q(x_k | x0) alone, which DDPM and DDIM share: "
            "L_simple is right for both",
            "d": "eta changes how much fresh noise the sampler adds; what the network "
            "is asked stays the same",
        },
    ),
    ChoiceQuestion(
        "01.22",
        "What does x0_hat look like at t = 1?",
        {
            "a": "a sharp image, the one that the sampler will end with",
            "b": "pure noise, like the input",
            "c": "close to the mean of all training images",
            "d": "a random training image",
        },
        "c",
        {
            "a": "x_T says almost nothing about x0, so nothing is decided yet: the "
            "image sharpens on the way",
            "b": "x_T is noise, but x0_hat is the network's guess of the data behind "
            "it: the best guess is an average",
            "c": "squared error makes the network answer with E[x0 | x_T], and x_T is "
            "almost independent of x0",
            "d": "a random image would cost twice the variance in squared error; the "
            "mean of all images costs it once",
        },
    ),
    ChoiceQuestion(
        "01.23",
        "Does a lower loss mean better pictures?",
        {
            "a": "A: the loss is what both were trained for",
            "b": "A, and it has the higher likelihood too",
            "c": "A, if both use the same sampler",
            "d": "nobody knows yet: A guesses noise better on average over all levels, "
            "and pictures have to be measured",
        },
        "d",
        {
            "a": "the loss averages over all levels, most of which hardly matter to "
            "the eye: the quality of pictures is measured on pictures",
            "b": "the bound on the likelihood weighs the levels very differently from "
            "the simple loss: a model may win one and lose the other",
            "c": "even then: an error at one level can spoil pictures and hardly show "
            "in an average over all levels",
            "d": "one average cannot tell at which level the errors are, and that is "
            "what samples and likelihood depend on",
        },
    ),
    ChoiceQuestion(
        "01.24",
        "Is x_T exactly N(0, I)?",
        {
            "a": "yes, after T steps by construction",
            "b": "no: it keeps sqrt(alpha_bar_T) of x0, which is small but not 0",
            "c": "no: its variance is larger than 1, since noise was added T times",
            "d": "yes, if the data have mean 0 and variance 1",
        },
        "b",
        {
            "a": "x_T = sqrt(alpha_bar_T) x0 + ..., and alpha_bar_T is a product of "
            "positive numbers: small, never 0",
            "b": "given x0, x_T has mean sqrt(alpha_bar_T) x0; if a short schedule "
            "leaves that large, sampling from N(0, I) starts from the wrong place",
            "c": "each step shrinks x before it adds noise, so that a variance of 1 "
            "stays 1: look at sqrt(1 - beta)",
            "d": "mean and variance would be right, the shape would not: a trace of "
            "the data's distribution is left",
        },
    ),
)

"""Lecture 2, pen and paper: six things that are easily misunderstood (02.20-02.25)."""

from coursekit.checks.spec import ChoiceQuestion

CHOICES = (
    ChoiceQuestion(
        "02.20",
        "The gradient with respect to what?",
        {
            "a": "the weights of the network, as in every loss",
            "b": "the point x: which small change of the picture makes it likelier",
            "c": "the mean of the data",
            "d": "the noise level",
        },
        "b",
        {
            "a": "the gradient in the weights is used to train the network; the score "
            "is what the network's answer stands for, a vector like x",
            "b": "it has as many entries as x, and moving x along it raises log p(x)",
            "c": "no parameter of the density is moved: the density stays, x goes",
            "d": "how log p changes with the noise is a single number, not a direction",
        },
    ),
    ChoiceQuestion(
        "02.21",
        "Does the score point to the nearest sample?",
        {
            "a": "yes: that is where the density is highest",
            "b": "yes, but its length is not the distance",
            "c": "no: it points to a weighted mean of all samples; the nearest counts "
            "most, the more so the smaller the noise",
            "d": "no: it always points to the mean of the data",
        },
        "c",
        {
            "a": "a near but rare sample can be outvoted by a far, common group",
            "b": "only as the noise goes to zero; at any other level all samples vote",
            "c": "the score is (alpha x0_hat - xt) / sigma^2, and x0_hat = E[x0 | xt] "
            "is a mean with softmax weights",
            "d": "only in deep noise, where all samples vote alike",
        },
    ),
    ChoiceQuestion(
        "02.22",
        "Do you need p to know its score?",
        {
            "a": "yes, with its constant: a gradient of log p needs p",
            "b": "no: any multiple of p has the same score, so an unnormalised p is "
            "enough, and so are noisy samples",
            "c": "only in more than two dimensions",
            "d": "no, but you need the constant once, at one point",
        },
        "b",
        {
            "a": "log(c p) = log c + log p, and the slope of log c in x is zero",
            "b": "the constant drops out, and denoising score matching never even "
            "evaluates p: it only asks for noise that was added",
            "c": "the constant drops out in every dimension",
            "d": "the constant has slope zero everywhere, so no point needs it",
        },
    ),
    ChoiceQuestion(
        "02.23",
        "How do you run a diffusion backwards?",
        {
            "a": "turn the sign of the drift and leave the noise as it is",
            "b": "turn the signs of the drift and of the noise",
            "c": "take the drift f x - g^2 score, with noise of the same size, and "
            "negative time steps",
            "d": "it cannot be done: a random process forgets where it was",
        },
        "c",
        {
            "a": "without the score nothing knows where the data are: the cloud only "
            "spreads further",
            "b": "noise is symmetric: turning its sign changes nothing, and the score "
            "is still missing",
            "c": "the term with the score is what gathers the cloud; Anderson found it "
            "in 1982",
            "d": "a single path cannot be called back, its distribution can: that is "
            "all we ask for",
        },
    ),
    ChoiceQuestion(
        "02.24",
        "Same marginals, same paths?",
        {
            "a": "yes: a distribution at every time fixes the paths",
            "b": "no: reverse SDE and probability flow have the same distribution at "
            "every time, and different paths from the same start",
            "c": "no, and the distributions differ as well, except at t = 0",
            "d": "yes, if the score is exact",
        },
        "b",
        {
            "a": "a distribution says how many are where, not who went where",
            "b": "half of the score moves the crowd, the other half only undoes the "
            "noise: leave out the noise and that half, and the crowd looks the same",
            "c": "they agree at every time, up to the solver's and the network's error",
            "d": "even with the exact score one path is smooth and the other ragged",
        },
    ),
    ChoiceQuestion(
        "02.25",
        "Is a smaller sigma always better?",
        {
            "a": "yes: the target of denoising score matching becomes the true score",
            "b": "no: the target becomes right, but it is learnt worse and worse, and "
            "only close to the data",
            "c": "no: a smaller sigma makes the target wrong",
            "d": "it makes no difference if the loss is weighted with sigma^2",
        },
        "b",
        {
            "a": "true of the target, not of the network: its targets have the "
            "variance 1 / sigma^2, and empty regions are never visited",
            "b": "the error is a sum: what the noise changes grows with sigma, what "
            "the network gets wrong falls with it; best is in between",
            "c": "the other way round: less noise, less change of the density",
            "d": "the weight balances the levels against each other; it cannot make "
            "one level right and easy at once",
        },
    ),
)

"""Lecture 4, pen and paper: latents and representations (04.25-04.30)."""

from coursekit.checks.spec import ChoiceQuestion

CHOICES = (
    ChoiceQuestion(
        "04.25",
        "The KL term is exactly 0",
        {
            "a": "perfect: the latents are distributed exactly as the prior",
            "b": "a disaster: every picture gets the same bell, so the latent says "
            "nothing about it",
            "c": "impossible: KL is always above 0",
            "d": "the decoder has become invertible",
        },
        "b",
        {
            "a": "they are, and for every single picture: a draw then tells the "
            "decoder nothing about which picture it was",
            "b": "this is posterior collapse: KL is what the latent tells about the "
            "picture, in nats, and 0 nats are nothing",
            "c": "it is 0 when the encoder answers N(0, 1) to everything",
            "d": "the decoder gets pure noise then, and rebuilds the mean picture",
        },
    ),
    ChoiceQuestion(
        "04.26",
        "Why are latents scaled before a diffusion model sees them?",
        {
            "a": "the decoder only accepts numbers in [-1, 1]",
            "b": "it makes the latents Gaussian",
            "c": "noise has unit spread: the path from data to noise assumes that "
            "data is about as wide",
            "d": "it saves memory, because small numbers need fewer bits",
        },
        "c",
        {
            "a": "that is the range of pixels; a latent may be any number",
            "b": "a shift and a factor keep the shape of a distribution",
            "c": "latents ten times too wide hide under the noise only at the very "
            "end: most of the times t would be spent on an easy task",
            "d": "a float takes the same room whatever it is",
        },
    ),
    ChoiceQuestion(
        "04.27",
        "A latent with twice the channels, at the same f",
        {
            "a": "costs the diffusion model twice as much, since it has twice as many "
            "tokens",
            "b": "keeps twice as many numbers, and costs the diffusion model almost "
            "the same: f sets the number of places",
            "c": "changes nothing: the factor f alone decides the compression",
            "d": "is always better: more room, better pictures",
        },
        "b",
        {
            "a": "the tokens are places, and there are as many as before: only the "
            "first and the last layer get wider",
            "b": "compression is 3 f^2 / L, so both count; the cost follows the "
            "places, so f counts",
            "c": "f decides how many places there are, L how many numbers each holds: "
            "3 f^2 / L",
            "d": "rebuilding gets better and learning the latents harder: there is "
            "more to predict at each place",
        },
    ),
    ChoiceQuestion(
        "04.28",
        "The adversarial term is far too strong",
        {
            "a": "the pictures get blurred",
            "b": "the latents collapse to the prior",
            "c": "a checkerboard appears, from what the perceptual network cannot see",
            "d": "the decoder draws convincing details that are not in the picture: "
            "it is paid for looking real, not for being right",
        },
        "d",
        {
            "a": "blur is what the squared error does alone: it averages over what it "
            "does not know",
            "b": "that is the KL term's doing",
            "c": "that is how a perceptual loss fails when it is alone: a network with "
            "strides hardly notices such a pattern",
            "d": "the critic never sees the original beside the copy, so it cannot "
            "say that a hat has changed its colour",
        },
    ),
    ChoiceQuestion(
        "04.29",
        "CLIP with a batch twice as large",
        {
            "a": "a harder question: each picture must tell its text from twice as "
            "many others",
            "b": "the same loss, with less noise in its gradient",
            "c": "an easier question: there are twice as many right pairs",
            "d": "a smaller loss, because it is a mean over more pairs",
        },
        "a",
        {
            "a": "the wrong texts are the other texts of the batch: guessing costs "
            "log(B), and near misses turn up only in large batches",
            "b": "this is so for losses that are a mean over samples; here the batch "
            "is inside the softmax",
            "c": "each picture has one right text in any batch, and more wrong ones",
            "d": "the loss of a guess is log(B): it grows with the batch",
        },
    ),
    ChoiceQuestion(
        "04.30",
        "Why does the prompt's vector come from its end token?",
        {
            "a": "it is the longest word",
            "b": "any token would do: attention mixes them all",
            "c": "a causal encoder looks back only, so the last token is the one that "
            "has seen the whole prompt",
            "d": "the padding behind it carries the meaning",
        },
        "c",
        {
            "a": "it is not a word: it marks the end",
            "b": "not in a causal encoder: the first token has seen itself alone",
            "c": "and what stands behind it is padding, which it never looks at",
            "d": "padding says nothing, and the end token cannot see it",
        },
    ),
)

"""Lecture 3, pen and paper: what is easily misunderstood (03.18-03.23, 03.25)."""

from coursekit.checks.spec import ChoiceQuestion

CHOICES = (
    ChoiceQuestion(
        "03.18",
        "Which end is noise?",
        {
            "a": "t = 0 there and t = 0 here: both are the start of the sampler",
            "b": "its t = 0.25 is our t = 0.75, and its velocity has the other sign",
            "c": "its t = 0.25 is our t = 0.75, and the velocity is the same",
            "d": "its t = 0.25 is our t = 0.25, and its velocity has the other sign",
        },
        "b",
        {
            "a": "the lecture starts in noise at 0; here 0 is data, in every notebook",
            "b": "t = 1 - t_lecture, and turning a clock round turns every velocity",
            "c": "the same way, walked in the other direction: the velocity turns",
            "d": "both change together: the time is 1 - t and the velocity turns",
        },
    ),
    ChoiceQuestion(
        "03.19",
        "Straight lines in, straight ways out?",
        {
            "a": "yes: an average of constant velocities is constant",
            "b": "yes, but only for the perfect network",
            "c": "no: on the way the weights of the data points change, so the average "
            "changes",
            "d": "no, because Euler's method makes errors",
        },
        "c",
        {
            "a": "each line's velocity is constant along that line; the average at "
            "another place and time has other weights",
            "b": "the perfect network's ways bend too: it answers with the average, "
            "and the average changes along the way",
            "c": "the marginal velocity is a weighted mean whose weights depend on x "
            "and t: early it points to the mean, late to one data point",
            "d": "the exact ways bend: measure them with as many steps as you like",
        },
    ),
    ChoiceQuestion(
        "03.20",
        "Is the velocity the score?",
        {
            "a": "no, but with xt and t one gives the other: the score is "
            "-(xt + (1 - t) velocity) / t",
            "b": "yes, up to the sign",
            "c": "no, and a score network cannot be used to follow the flow",
            "d": "yes, up to a factor that depends on t only",
        },
        "a",
        {
            "a": "both are mixes of x0 and eps, and so is xt: from two of them all "
            "follow",
            "b": "the score points where xt is more probable; the velocity also moves "
            "the data's share of xt",
            "c": "it can: convert its answer, as `convert` does, and solve the ODE",
            "d": "there is a term with xt as well: at velocity 0 the score is -xt / t",
        },
    ),
    ChoiceQuestion(
        "03.21",
        "One step with a flow that was never reflowed",
        {
            "a": "a sharp sample, because the path is straight",
            "b": "noise, because one step is not enough to leave it",
            "c": "a random training picture",
            "d": "the same for every start: close to the mean of the data",
        },
        "d",
        {
            "a": "the lines are straight, the flow is not: one step follows its first "
            "direction to the end",
            "b": "one step takes all the noise away: x - velocity contains none of it",
            "c": "the network never answers with one picture while many are possible",
            "d": "at t = 1 the velocity is eps - E[x0 | eps], and eps says nothing "
            "about x0: eps - velocity is the mean",
        },
    ),
    ChoiceQuestion(
        "03.22",
        "A model card says: rectified flow",
        {
            "a": "that it was reflowed at least once and samples in one step",
            "b": "usually only the straight path and the velocity loss; reflow is a "
            "second training, on the model's own pairs",
            "c": "that its noise and pictures were paired by optimal transport",
            "d": "that its network has rectified linear units",
        },
        "b",
        {
            "a": "a 1-rectified flow has seen no reflow, and most models are one",
            "b": "training on independent pairs already gives the first rectified "
            "flow; what makes ways straight is the second round",
            "c": "that is another choice of pairs, made while training, batch by batch",
            "d": "the word is about the flow: its crossing lines are rewired",
        },
    ),
    ChoiceQuestion(
        "03.23",
        "Where is the randomness?",
        {
            "a": "in every step: without fresh noise the points would bunch up",
            "b": "nowhere: the same network always makes the same picture",
            "c": "in the starting noise only: the same start gives the same picture",
            "d": "in the network's dropout",
        },
        "c",
        {
            "a": "that was the ancestral sampler; here the velocity carries the whole "
            "law, and no noise is added",
            "b": "the same start makes the same picture; another start, another one",
            "c": "an ODE has one solution from each start, so the map from noise to "
            "pictures is fixed, and it can be walked backwards",
            "d": "a network is asked in eval mode; it answers the same each time",
        },
    ),
    ChoiceQuestion(
        "03.25",
        "Why not reflow ten times?",
        {
            "a": "each round trains on what the last one made: little is left to "
            "straighten, and every round adds its own errors",
            "b": "after the second round the ways cross again",
            "c": "each round needs twice as many pairs as the one before",
            "d": "nothing speaks against it but the time it takes",
        },
        "a",
        {
            "a": "the law of the data enters only in the first round; after that it is "
            "copied from copies, while straightness has little left to gain",
            "b": "the ways of a flow never cross, before and after",
            "c": "the number of pairs is free; what they are worth is the question",
            "d": "the samples themselves drift from the data: look at figure G with "
            "many steps",
        },
    ),
)

"""The named mistakes of training loops: what each is called, where to look, and what has to hold."""

from __future__ import annotations

LOOPS: dict[str, tuple[str, str, str]] = {
    "loss-made-once": (
        "the loss is computed once, before the loop",
        "When is the loss computed?",
        "Each step needs a forward pass with the new numbers.",
    ),
    "loss-not-reset": ("the loss of earlier steps is in each new one", "Where does the sum begin?", "The loss of a step begins at 0."),
    "update-in-graph": (
        "the update is part of the graph",
        "Is the new parameter a leaf?",
        "A step changes the number of the parameter; it makes no node.",
    ),
    "rebuilt": (
        "the parameters are made anew in each step",
        "Which objects live through the loop?",
        "Parameters are made once, before the loop.",
    ),
    "wrong-way": (
        "parameters go up the gradient",
        "Does the loss grow or shrink along the gradient?",
        "The gradient points to where the loss grows. (What is to grow, a reward, say, is watched with maximise=True, or --maximise.)",
    ),
    "not-zeroed": (
        "gradients are not set to 0 between steps",
        "What do the gradients hold when backward() begins?",
        "backward() adds to what is there.",
    ),
    "partly-zeroed": (
        "some gradients are not set to 0",
        "Which parameters are set to 0?",
        "backward() adds to what is there, for every parameter.",
    ),
    "no-step": ("no parameter changes", "Where does a parameter get a new number?", "A step writes to the numbers of the parameters."),
    "no-gradient": (
        "no gradient reaches a parameter",
        "Is the loss made of nodes all the way?",
        "A number taken out of a node ends the graph.",
    ),
    "rate-zero": ("the learning rate is 0", "By what is the gradient multiplied?", "A step is the learning rate times the gradient."),
    "rate-large": (
        "the loss runs away: steps are too long",
        "How long is a step?",
        "Beyond 2 / curvature every step overshoots by more than it mends.",
    ),
    "other-parameters": (
        "the step changes other parameters than those of the loss",
        "Which objects does the step change?",
        "An optimizer keeps the objects that it was given.",
    ),
    "zeroed-too-early": (
        "gradients are set to 0 before the step uses them",
        "In which order do backward, step and zeroing stand?",
        "The step uses them first.",
    ),
    "rebound": (
        "a name is bound anew, and the parameter stays as it was",
        "What does p = p - … change?",
        "An assignment to a name changes no object.",
    ),
    "step-before-backward": ("the step comes before backward()", "Which gradients does the step use?", "First backward(), then the step."),
    "shuffled-apart": ("inputs and labels are shuffled apart", "Which label belongs to the first input now?", "One order for both."),
    "wrong-sample": ("inputs and labels are of different samples", "Which indices do input and label have?", "Sample i has label i."),
    "wrong-root": ("backward() starts at something else than the loss", "What is differentiated?", "Gradients of the loss are needed."),
}

# of a quantity that is to grow: the title and the rule of wrong-way
DOWN = ("parameters go down the gradient of what is to grow", "The gradient points to where the quantity grows.")

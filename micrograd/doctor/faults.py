"""The named mistakes: what each is called, and a ladder of hints. No hint holds the corrected line."""

from __future__ import annotations

from typing import NamedTuple


class Fault(NamedTuple):
    """title: the mistake in a sentence. look: where to look, as a question. rule: what mathematics, or Python, says there."""

    title: str
    look: str
    rule: str


_LOCAL = "each operand's gradient grows by: upstream gradient × local derivative"
FAULTS: dict[str, Fault] = {
    "overwrite": Fault(
        "overwrites the gradient: = where it has to be added",
        "What happens to the gradient that was there already?",
        "A value that is used twice gets a gradient from each use; by the chain rule for several paths they are added up.",
    ),
    "upstream-missing": Fault(
        "the upstream gradient is forgotten",
        "By what is the local derivative multiplied?",
        f"The chain rule: {_LOCAL}. The upstream gradient is that of the result.",
    ),
    "sign": Fault(
        "the sign of the derivative is wrong",
        "If this operand grows a little, does the result grow or shrink?",
        f"{_LOCAL}; where the result shrinks the derivative is negative.",
    ),
    "local-missing": Fault(
        "the local derivative is forgotten",
        "How much does the result change for a small change of this operand?",
        f"The chain rule: {_LOCAL}. Here the derivative is not 1.",
    ),
    "counted-twice": Fault(
        "the contribution is added twice",
        "How often does this operand get its contribution?",
        "One use of an operand gives one contribution.",
    ),
    "wrong-operand": Fault(
        "the derivative is that for the other operand",
        "Which of the two numbers is the derivative by this operand?",
        "When one operand changes, the others are constants: the derivative by a is made of what a is combined with.",
    ),
    "wrong-derivative": Fault(
        "the local derivative is wrong",
        "What does a table of derivatives say of this function?",
        f"Write the derivative down by hand, put in a number, and compare; {_LOCAL}.",
    ),
    "own-grad": Fault(
        "reads an operand's gradient where that of the result belongs",
        "Whose gradient is the upstream gradient?",
        "The upstream gradient is the one that has been collected by the result, not by an operand.",
    ),
    "data-for-grad": Fault(
        "reads the number of the result where its gradient belongs",
        "Which attribute of the result is multiplied?",
        "The upstream gradient is the gradient of the result, not its number.",
    ),
    "value-for-derivative": Fault(
        "a number stands where its derivative belongs",
        "Is this the derivative, or a value?",
        f"{_LOCAL}; the derivative says how fast the result changes, not how large it is.",
    ),
    "added-not-multiplied": Fault(
        "upstream gradient and derivative are added",
        "How are upstream gradient and local derivative combined?",
        "The chain rule multiplies along a path; only different paths are added.",
    ),
    "divided-by-derivative": Fault(
        "divides by the local derivative",
        "How are upstream gradient and local derivative combined?",
        "The chain rule multiplies along a path.",
    ),
    "upstream-twice": Fault(
        "the upstream gradient is multiplied in twice", "How often does the upstream gradient stand there?", f"{_LOCAL}, each once."
    ),
    "multiplied-into": Fault(
        "multiplies into the gradient: *= where it has to be added",
        "What does the operator before = do?",
        "Contributions of several paths are added up.",
    ),
    "grad-added-twice": Fault(
        "adds the old gradient once more",
        "What stands on both sides of the sign?",
        "x += y means x = x + y: the old number is in it already.",
    ),
    "nothing-back": Fault(
        "passes nothing back",
        "Does any code write to this operand's gradient when the result is walked back from?",
        "Every operand that the result depends on gets a contribution, by the function that the result keeps.",
    ),
    "operand-missing": Fault(
        "passes nothing back to one operand",
        "Which operands get a contribution, and which does not?",
        "The result depends on every operand, so each of them gets a contribution.",
    ),
    "not-attached": Fault(
        "the function that passes gradients back is not kept by the result",
        "Who calls the inner function, and how is it found?",
        "backward() calls what each node keeps; the function must be stored on the result, as a function, not called.",
    ),
    "called-at-once": Fault(
        "the function is called where it should be kept",
        "What does f() give, and what f?",
        "With parentheses the function runs now, and what it returns (None) is kept.",
    ),
    "on-operand": Fault(
        "the function is stored on an operand, not on the result",
        "On which object is the inner function stored?",
        "The node that an operation made knows how to pass its gradient on; an operand can be used by many operations.",
    ),
    "read-early": Fault(
        "the upstream gradient is read too early",
        "When does this line run: in the forward pass, or when gradients go back?",
        "In the forward pass the gradient of the result is still 0; it must be read inside the inner function.",
    ),
    "wrong-value": Fault(
        "computes another number", "What does the forward line compute?", "Compare with the same operation on plain numbers."
    ),
    "swapped": Fault(
        "the operands are swapped",
        "Which operand stands on the left?",
        "For 2 - a Python calls a.__rsub__(2): self is on the right of the sign.",
    ),
    "another-function": Fault(
        "computes what another method computes",
        "Where does this method take its function from?",
        "A function written in a loop looks a loop variable up when it runs: then it has the last value.",
    ),
    "nested": Fault("makes a node of a node", "What is the operand already?", "Only what is no object of the class yet is made one."),
    "returns-none": Fault("returns nothing", "What does the method give back?", "A function without return gives None."),
    "no-node": Fault(
        "gives a plain number, not a node",
        "What type does the result have?",
        "A result must be an object of the class, with its operands, or no gradient can come back through it.",
    ),
    "same-object": Fault(
        "gives the operand itself back", "Is the result a new node?", "Each operation makes a new node; operands stay as they are."
    ),
    "raises": Fault(
        "raises an error", "What does the last line of the error say?", "Every operation has to work on any numbers in its domain."
    ),
    "number-operand": Fault(
        "works with objects of the class alone, not with numbers",
        "What is 2 in a + 2, and has it that attribute?",
        "A number has to become an object of the class first, where it is none yet.",
    ),
    "number-exponent": Fault(
        "takes numbers alone for the exponent",
        "What is b in a ** b, and has the method a way for it?",
        "An exponent that is an object has a gradient too: aᵇ·log a.",
    ),
    "missing-method": Fault(
        "is not there",
        "Which method does Python look for?",
        "Python asks the left operand first, then the right one for its reflected method.",
    ),
    "endless": Fault(
        "does not end",
        "Which condition would end this loop or this recursion?",
        "A reflected method that uses the same operator the same way calls itself.",
    ),
    "mutates": Fault(
        "changes the number of an operand",
        "Which object's number is written to?",
        "An operation makes a new node; operands keep their numbers, others may use them.",
    ),
    "in-place": Fault(
        "a += b changes the node that others use",
        "Is a += b a new node, or the old one with another number?",
        "Without __iadd__ Python makes a new node by __add__; a node that changes spoils what was computed from it.",
    ),
    "seed-missing": Fault(
        "backward() does not start: the gradient of the root stays 0",
        "What is the derivative of the result by itself?",
        "Every contribution is multiplied by the gradient of the root; with 0 there all are 0.",
    ),
    "seed-wrong": Fault(
        "backward() starts with a wrong gradient of the root",
        "What is the derivative of the result by itself?",
        "d root / d root is 1, whatever its number is.",
    ),
    "zeroes": Fault(
        "backward() throws away the gradients that were collected before",
        "What holds a gradient before backward() begins, and who should clear it?",
        "Gradients of several losses add up; clearing belongs to the training loop, before a step, not to backward().",
    ),
    "order": Fault(
        "no topological order: a node passes its gradient on before it has all of it",
        "When has a node got all contributions?",
        "A node may pass on only after every node that uses it; recursion from the root reaches it too early.",
    ),
    "not-reversed": Fault(
        "the nodes are walked from the leaves to the root",
        "Which node has its gradient first?",
        "Gradients come from the root: users go before operands.",
    ),
    "preorder": Fault(
        "a node is listed before its operands are",
        "In which order do nodes enter the list?",
        "A topological order has every operand before its users: a node enters after its operands.",
    ),
    "no-visited": Fault(
        "a node that is used twice is walked twice",
        "How often does a shared node stand in the list?",
        "Each node passes its gradient on once, when it is complete.",
    ),
    "one-level": Fault(
        "the walk stops after the root", "Who calls the functions of the nodes below?", "Every node passes its gradient on, in order."
    ),
    "root-missing": Fault("the walk leaves the root out", "Is the root itself in the list?", "The root passes its gradient on first."),
    "duplicates": Fault(
        "an operand that is used twice in one operation gets only one contribution",
        "What is left of (a, a) in a set?",
        "a + a depends on a twice; a set or a dict keeps one of two equal things.",
    ),
    "not-recorded": Fault(
        "the result does not know an operand",
        "Which operands does the new node remember?",
        "backward() finds nodes by what each result was made of.",
    ),
    "state-kept": Fault(
        "something is kept from one backward() to the next",
        "When is a default argument, or a variable outside, made?",
        "A default value is made once, when the function is defined, and is the same list or set at every call.",
    ),
    "equal-merged": Fault(
        "different nodes with equal numbers are taken for one",
        "When are two nodes the same?",
        "Two inputs may both be 2.0; nodes are told apart by identity, not by number.",
    ),
    "unhashable": Fault(
        "objects with __eq__ and without __hash__ cannot be in a set",
        "What does Python do to __hash__ where __eq__ is defined?",
        "A class that defines __eq__ alone loses its hash.",
    ),
    "grad-initial": Fault(
        "the gradient of a new object is not 0",
        "What is added to first?",
        "Contributions are added to what is there, so a new node begins with 0.",
    ),
    "interior": Fault(
        "the gradient of a node between is wrong",
        "What is written to it besides contributions?",
        "Every node's gradient is the derivative of the root by it.",
    ),
    "zero-grad": Fault(
        "zero_grad() does not set the gradient to 0",
        "What does it write, and to what?",
        "Afterwards every gradient is 0, and every number as before.",
    ),
    "compares-wrong": Fault("compares wrongly", "Which side is which?", "a < b compares the numbers."),
    "graph": Fault(
        "the gradient of a larger expression is wrong, though each operation by itself is right",
        "What differs from one operation to several?",
        "Users before operands, each node once, every contribution added.",
    ),
    "once": Fault(
        "after one backward() what was computed before it is forgotten",
        "What does backward() throw away at its end?",
        "A tape that is cleared serves one backward pass.",
    ),
    "again": Fault(
        "a second backward() through the same graph counts what nodes between still hold",
        "Which gradients are 0 before the second pass?",
        "Leaves collect over passes; nodes between begin anew in each.",
    ),
    "deep": Fault(
        "a chain of some thousand operations ends in a RecursionError",
        "What calls itself?",
        "A list used as a stack does what recursion does, without its limit.",
    ),
}

"""Why do shared weights read digits better?"""

from micrograd import Value
from micrograd.exercises import Exercise, equals, function, listed, number, real, whole
from micrograd.nn import Conv2d, MaxPool2d

Exercise(
    "18.1",
    "An image of {side} × {side} grey numbers goes through {count} windows of 3 × 3, each with a bias, and is filled up at the border "
    "(padding 1). How many numbers does the convolution learn? And how many would a plain layer with biases learn that gives as many "
    "answers from as many pixels?",
    numbers={"side": whole(6, 12), "count": whole(4, 16)},
    blanks={
        "shared": number(
            lambda n: n.count * (9 + 1),
            says="numbers of the convolution",
            digits=6,
            mistakes={
                "Each window has a bias, too.": lambda n: n.count * 9,
                "The same window serves all places.": lambda n: n.count * 10 * n.side**2,
            },
        ),
        "plain": number(
            lambda n: (n.side**2 + 1) * n.count * n.side**2,
            says="numbers of the plain layer",
            digits=8,
            mistakes={"Without its biases.": lambda n: n.side**4 * n.count},
        ),
    },
    hints=[
        "How large is the answer of one window, when the border is filled up? How many answers are there in all?",
        "What is learned for one window, and does that depend on how many places it looks at?",
        "In a plain layer every answer has a weight for every pixel, and a bias.",
    ],
)


def _slid(image, window):  # type: ignore[no-untyped-def]
    layer = Conv2d(1, 1, len(window), bias=False)
    for row, numbers in zip(layer.weight[0][0], window, strict=True):
        for weight, x in zip(row, numbers, strict=True):
            weight.data = x
    return [[v.data for v in row] for row in layer([image])[0]]


_image, _window = listed(5, listed(5, real(-1, 1))), listed(3, listed(3, real(-1, 1)))

Exercise(
    "18.2",
    "Write `slide(image, window)`: the convolution without padding of an image (rows of floats) with a square window: at each place "
    "where the window fits, the sum of the products of window and pixels under it.",
    blanks={
        "slide": function(
            equals(_slid, _image, _window),
            equals(_slid, listed(4, listed(4, real(-1, 1))), listed(2, listed(2, real(-1, 1)))),
            says="the function slide",
        )
    },
    hints=[
        "How many places are there along a side of 5 for a window of 3? And for 2 on 4?",
        "Two loops for the place, two for the place inside the window.",
        "The window is not turned round: its first number meets the upper left of the pixels under it.",
    ],
)


def _largest(image):  # type: ignore[no-untyped-def]
    leaves = [[Value(x) for x in row] for row in image]
    sum(v for row in MaxPool2d(2)([leaves])[0] for v in row).backward()
    return [[v.grad for v in row] for row in leaves]


Exercise(
    "18.3",
    "The largest of each 2 × 2 patch is taken, and these are added up. Write `blame(image)`: the slope of that sum by each pixel of a "
    "4 × 4 image, as rows of plain floats (no two pixels of a patch are equal).",
    blanks={"blame": function(equals(_largest, listed(4, listed(4, real(-1, 1)))), says="the function blame")},
    hints=[
        "How many pixels of a patch take part in the sum?",
        "If a pixel that is not the largest of its patch moves a little, what does the sum do?",
        "In every patch the slopes add up to 1.",
    ],
)

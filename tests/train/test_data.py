"""Data sets: shapes, classes, and the same data each time."""

from __future__ import annotations

import math
import os
import random
import shutil
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micrograd import data, losses, nn, optim
from micrograd.metrics import accuracy
from micrograd.train import fit, predict

SETS = {
    "moons": (data.moons, 2), "circles": (data.circles, 2), "spirals": (data.spirals, 2), "blobs": (data.blobs, 2),
    "xor": (data.xor, 2),
}  # fmt: skip


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("n", [1, 7, 50])
def test_points_have_two_numbers_and_a_class_in_turn(name, n):
    make, classes = SETS[name]
    xs, ys = make(n)
    assert len(xs) == len(ys) == n and all(len(x) == 2 and all(map(math.isfinite, x)) for x in xs)
    assert ys == [k % classes for k in range(n)]
    assert make(n) == (xs, ys) != make(n, rng=random.Random(1))


def test_points_without_noise_lie_where_they_are_said_to():
    xs, ys = data.circles(20, noise=0.0, factor=0.25)
    assert [math.hypot(*x) for x in xs] == pytest.approx([0.25 if y else 1.0 for y in ys])
    xs, ys = data.moons(20, noise=0.0)
    assert all(math.hypot(x[0] - y, x[1] - 0.5 * y) == pytest.approx(1.0) for x, y in zip(xs, ys, strict=True))
    xs, ys = data.spirals(9, classes=3, noise=0.0)
    assert math.hypot(*xs[-1]) == pytest.approx(1.0) and xs[0] == [0.0, 0.0] and ys[:4] == [0, 1, 2, 0]


def test_moons_as_scikit_learns():
    np = pytest.importorskip("numpy")
    datasets = pytest.importorskip("sklearn.datasets")
    theirs, labels = datasets.make_moons(20, noise=None, shuffle=False)
    xs, ys = data.moons(20, noise=0.0)
    for label in (0, 1):
        own = [x for x, y in zip(xs, ys, strict=True) if y == label]
        assert np.allclose(own, theirs[labels == label])


def test_curves_series_and_windows():
    for kind, f in data.CURVES.items():
        xs, ys = data.curve(kind, 11, noise=0.0)
        assert ys == [f(x) for [x] in xs] and xs[0] == [-1.0] and xs[-1] == [1.0]
    assert data.curve(math.exp, 2, noise=0.0)[1] == [math.exp(-1), math.exp(1)]
    with pytest.raises(ValueError, match="no curve named 'sinus'; there are line, sine"):
        data.curve("sinus")
    numbers = data.series(100)
    xs, ys = data.windows(numbers, 10, ahead=3)
    assert len(xs) == len(ys) == 88 and xs[5] == numbers[5:15] and ys[5] == numbers[17]


def test_ratings_have_hidden_factors():
    pairs, given = data.ratings(users=20, items=10, known=0.5)
    assert all(0 <= u < 20 and 0 <= i < 10 for u, i in pairs) and 60 < len(pairs) < 140
    assert len({tuple(p) for p in pairs}) == len(pairs) == len(given)
    assert statistics.pstdev(given) > 0.5


def test_tables_of_scikit_learn():
    pytest.importorskip("sklearn")
    for make, rows, columns, classes in (
        (data.digits, 1797, 64, 10), (data.iris, 150, 4, 3), (data.breast_cancer, 569, 30, 2), (data.diabetes, 442, 10, None),
    ):  # fmt: skip
        xs, ys = make()
        assert len(xs) == len(ys) == rows and len(xs[0]) == columns and type(xs[0][0]) is float
        assert set(ys) == set(range(classes)) if classes else type(ys[0]) is float
    images, _ = data.digits(images=True)
    assert [v for row in images[3][0] for v in row] == data.digits()[0][3] and len(images[3]) == 1


def test_names_and_characters():
    pytest.importorskip("names")
    first = data.names()
    assert len(first) == 5163 == len(set(first)) and first == sorted(first)
    assert set(data.names("female")) | set(data.names("male")) == set(first)
    letters = data.Characters(first)
    assert len(letters) == 27 and letters.decode(letters.encode("emma")) == "emma"
    with pytest.raises(ValueError, match="no names of kind 'middle'"):
        data.names("middle")
    with pytest.raises(ValueError, match="'ö' in 'zoö' is none of"):
        letters.encode("zoö")


@given(st.lists(st.text(alphabet="abcxyz", min_size=1), min_size=1))
def test_characters_go_there_and_back(words):
    letters = data.Characters(words)
    for word in words:
        places = letters.encode(word)
        assert places[0] == places[-1] == 0 and all(0 < p < len(letters) for p in places[1:-1])
        assert letters.decode(places) == word


# --- signatures ------------------------------------------------------------------------------------------------------


def test_signatures_are_normalised_and_repeatable():
    found = data.signatures(writers=2, genuine=3, forged=2, count=30)
    assert [(s.writer, s.genuine) for s in found] == [(w, k < 3) for w in (0, 1) for k in range(5)]
    assert found == data.signatures(writers=2, genuine=3, forged=2, count=30)
    for s in found:
        assert len(s.points) == 30
        assert [statistics.fmean(c) for c in zip(*s.points, strict=True)] == pytest.approx([0.0, 0.0], abs=1e-12)
        assert statistics.fmean(math.hypot(*p) for p in s.points) == pytest.approx(1.0)
    steps = data.movements(found[0].points)
    assert len(steps) == 29 and steps[0][2] == math.hypot(*steps[0][:2])
    assert data.normalised([[2.0, 3.0]]) == [[0.0, 0.0]]


def test_a_writer_is_nearer_to_himself_than_to_his_forgers():
    """What the task is about: closer, but not so far apart that it would be trivial."""
    nearer = total = 0
    found = data.signatures(writers=6, genuine=8, forged=8, rng=random.Random(5))
    for writer in range(6):
        own = [s.points for s in found if s.writer == writer and s.genuine]
        forged = [s.points for s in found if s.writer == writer and not s.genuine]

        def distance(a, b):
            return sum(math.dist(p, q) for p, q in zip(a, b, strict=True))

        for k, s in enumerate(own):
            others = [distance(s, o) for j, o in enumerate(own) if j != k]
            for f in forged:
                total += 1
                nearer += statistics.fmean(others) < statistics.fmean(distance(f, o) for o in own)
    assert nearer / total > 0.75


# --- spoken words ----------------------------------------------------------------------------------------------------


def test_words_are_each_said_by_every_voice_at_every_speed():
    found = data.words()
    assert len(found) == 640 == len({(u.word, u.voice, u.speed) for u in found})
    assert {u.word for u in found} == set(range(10))
    assert len({u.voice for u in found}) == 16 and len({u.speed for u in found}) == 4
    assert all(len(u.frames) == 16 and all(len(f) == 13 for f in u.frames) for u in found)
    assert os.path.getsize(os.path.join(os.path.dirname(data.__file__), "words.json")) < 400_000


def test_a_word_is_nearest_to_the_same_word_of_other_voices():
    """The recording holds what was said: even the nearest other recording tells the word, mostly."""
    found = [u for u in data.words() if u.speed == 175]
    flat = [[v for frame in u.frames for v in frame[1:]] for u in found]
    right = 0
    for i, u in enumerate(found):
        others = (j for j, o in enumerate(found) if o.voice != u.voice)
        right += found[min(others, key=lambda j: math.dist(flat[i], flat[j]))].word == u.word
    assert right / len(found) > 0.8


def test_the_recording_can_be_made_again(tmp_path):
    pytest.importorskip("python_speech_features")
    if shutil.which("espeak-ng") is None:
        pytest.skip("needs espeak-ng")
    from micrograd.data import record_words

    u = data.words()[0]
    made = record_words.features(*record_words.spoken(record_words.WORDS[u.word], u.voice, u.speed))
    assert made.ravel().tolist() == pytest.approx([v for f in u.frames for v in f], abs=1.0)


# --- preparation -----------------------------------------------------------------------------------------------------


@given(st.integers(1, 40), st.floats(0, 1))
def test_split_keeps_pairs_together_and_loses_none(n, part):
    xs = list(range(n))
    (a, b), (c, d) = data.split((xs, [x * 10 for x in xs]), part)
    assert sorted(a + c) == xs and len(c) == round(part * n)
    assert b == [x * 10 for x in a] and d == [x * 10 for x in c]


@given(st.lists(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=2), min_size=2, max_size=10))
def test_scaling_and_back(rows):
    scaling = data.Scaling(rows)
    there = scaling(rows)
    for column in zip(*there, strict=True):
        assert statistics.fmean(column) == pytest.approx(0.0, abs=1e-6)
    for row, back in zip(rows, scaling.undo(there), strict=True):
        assert back == pytest.approx(row, abs=1e-9)


def test_one_hot():
    assert data.one_hot([2, 0]) == [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    assert data.one_hot([0], count=2) == [[1.0, 0.0]]


def test_iris_is_learnt():
    pytest.importorskip("sklearn")
    train, test = data.split(data.iris(), rng=random.Random(1))
    scaling = data.Scaling(train[0])
    model = nn.Linear(4, 3, rng=random.Random(0))
    fit(model, (scaling(train[0]), train[1]), losses.cross_entropy, optim.Adam(model, lr=0.1), epochs=20)
    assert accuracy(predict(model, scaling(test[0])), test[1]) >= 0.9

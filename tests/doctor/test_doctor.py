"""The doctor: what it says of right and wrong classes, and that it comes back from whatever a file does."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

import doctor_bank
import doctor_score
import micrograd
from micrograd import Value, testing
from micrograd.cli.main import main
from micrograd.doctor import diagnose
from micrograd.doctor.faults import FAULTS
from micrograd.doctor.page import page
from micrograd.doctor.smallest import programs, wrong
from micrograd.doctor.student import Student

STYLES = doctor_bank.styles()
LECTURE = STYLES["lecture"]


def mutated(piece, text, style=LECTURE):
    return doctor_bank.load(style.text({piece: text}), style.words["CLS"])


@pytest.mark.parametrize("name", STYLES)
def test_a_right_class_is_told_to_be_right(name):
    assert doctor_score.alarms(STYLES[name]) == []


def test_our_own_value_is_right():
    report = testing.diagnose(Value)
    assert report and "a ** b" in report.works and "topological order" in report.works


@pytest.mark.parametrize("name", STYLES)
def test_a_sample_of_the_bank_is_found_named_and_placed(name):
    """Every 41st mutant; `python -m benchmarks.doctor` asks all."""
    sample = doctor_bank.mutants(STYLES[name])[3::41]
    found = doctor_score.score(STYLES[name], sample)
    assert found.detected == found.mutants > 1
    assert found.named >= found.mutants - 1 and found.placed >= found.mutants - 1, found.missed


@pytest.mark.slow
def test_the_published_score_holds():
    every = {name: doctor_bank.mutants(style) for name, style in STYLES.items()}
    total = doctor_score.together([doctor_score.score(STYLES[name], mutants[::4]) for name, mutants in every.items()])
    assert sum(map(len, every.values())) >= 2000 and len({m.rule for ms in every.values() for m in ms}) >= 60
    assert total.shares[0] >= 0.995 and total.shares[1] >= 0.95 and total.shares[2] >= 0.95, total.missed


@pytest.mark.slow
@pytest.mark.parametrize("name", STYLES)
def test_each_mutant_differs_from_the_right_class(name):
    style = STYLES[name]
    assert [f"{m.piece}: {m.rule}" for m in doctor_bank.mutants(style) if not doctor_bank.differs(style, m)] == []


@pytest.mark.parametrize("name", STYLES)
def test_mutants_differ_from_the_right_class(name):
    """Not by the doctor: both classes run the same programs, and some number or gradient differs, or one of them raises."""
    style = STYLES[name]
    alike = [f"{m.piece}: {m.rule}" for m in doctor_bank.mutants(style)[::29] if not doctor_bank.differs(style, m)]
    assert alike == []


def test_a_mutant_without_a_mistake_would_be_noticed():
    same = doctor_bank.Mutant("lecture", "none", "none", frozenset(), LECTURE.text() + "\n# changed\n", frozenset({1}), "Value")
    assert not doctor_bank.differs(LECTURE, same)


def test_the_finding_has_all_that_a_reader_needs():
    report = diagnose(mutated("acc.mul.a", "="))
    (finding,) = report.faults
    assert (finding.name, finding.where, finding.of) == ("overwrite", "__mul__", ["a * b", "a * 3"])
    assert finding.spot.text == "self.grad = other.data * out.grad"
    assert str(finding.example) == "a * (a * a) with a = 2: a.grad is 8, expected 12"
    assert len(finding.hints) == 3 and not any("+=" in hint for hint in finding.hints)
    assert not report and "line" in report.text() and json.loads(json.dumps(report.as_dict()))["ok"] is False


def test_what_is_wrong_is_not_said_to_work():
    """Shared nodes are asked with the operations that are right by themselves; the list names those."""
    good, bad = diagnose(doctor_bank.load(LECTURE.text(), "Value")), diagnose(mutated("acc.add.a", "="))
    assert any("a + a" in text for text in good.works) and any("a * a" in text for text in good.works)
    assert not any("a + a" in text for text in bad.works) and any("a * a" in text for text in bad.works)


def test_no_hint_holds_the_corrected_line():
    for mutant in doctor_bank.mutants(LECTURE)[::31]:
        right = {line.strip() for line in LECTURE.text().splitlines()} - {line.strip() for line in mutant.text.splitlines()}
        text = diagnose(doctor_bank.load(mutant.text, "Value")).text(3)
        assert not [line for line in right if len(line) > 6 and re.search(re.escape(line) + r"(?! ?[*+/(\w])", text)]


def test_the_smallest_expression_is_the_first_by_size():
    cls = mutated("G.mul.a", "")
    student = Student(cls)
    from micrograd.doctor.forms import BINARY

    mul = next(f for f in BINARY if f.key == "a * b")
    add = next(f for f in BINARY if f.key == "a + b")
    shown = diagnose(cls).faults[0].example
    smaller = [p for p in programs([mul], [add]) if len(p.steps) < len(shown.steps)]
    assert len(shown.steps) == 2 and smaller and not any(wrong(student, p) for p in smaller)


def test_every_fault_has_its_words():
    assert all(f.title and f.look and f.rule for f in FAULTS.values())
    names = {name for style in STYLES.values() for m in doctor_bank.mutants(style) for name in m.names}
    assert names <= set(FAULTS)


def test_a_class_without_gradients_yet_is_judged_by_its_numbers():
    class Early:
        def __init__(self, data):
            self.data = data

        def __add__(self, other):
            return Early(self.data + other.data)

        def __mul__(self, other):
            return Early(self.data + other.data)

    report = diagnose(Early)
    assert [f.name for f in report.faults][:1] == ["wrong-value"] and "a + b" in report.works
    assert any("has none yet" in line for line in report.unread)


def test_a_power_for_numbers_alone_is_not_said_to_be_for_objects_alone():
    class Powers:
        def __init__(self, data, children=()):
            self.data, self.grad, self.children = data, 0.0, children

        def __add__(self, other):
            return Powers(self.data + other.data, ((self, 1.0), (other, 1.0)))

        def __pow__(self, n):
            assert isinstance(n, (int, float))
            return Powers(self.data**n, ((self, n * self.data ** (n - 1)),))

        def backward(self, upstream=1.0):
            self.grad += upstream
            for child, slope in self.children:
                child.backward(upstream * slope)

    told = [f.title for f in diagnose(Powers).missing if "a ** b" in f.of]
    assert told == ["takes numbers alone for the exponent"]


@pytest.mark.parametrize("name", ["d", "g", "x"])
def test_the_number_is_not_taken_for_the_gradient(name):
    namespace = {}
    exec(
        f"class V:\n    def __init__(self, x): self.{name} = x\n"
        f"    def __add__(self, other): return V(self.{name} + other.{name})\n"
        f"    def __mul__(self, other): return V(self.{name} * other.{name})\n",
        namespace,
    )
    report = diagnose(namespace["V"])
    assert report and {"a + b", "a * b"} <= set(report.works), str(report)


def test_what_cannot_be_read_is_said():
    class Other:
        pass

    assert "can be made of one number" in diagnose(Other).unread[0]
    for none in (Other, 3, Value(1.0)):
        report = diagnose(none)
        assert not report.works and not report.faults and not report  # an assert of it must not pass
        assert "nothing could be judged" in report.text() and "nothing could be judged" in page(report)
    assert not testing.watch_loop(lambda: None)


def test_a_function_that_is_written_in_several_forms_is_no_mistake():
    class Own(doctor_bank.load(LECTURE.text(), "Value")):
        def gelu(self):
            return 0.5 * self * (1 + (0.7978845608028654 * (self + 0.044715 * self**3)).tanh())

    assert not [f for f in diagnose(Own).faults if "gelu" in f.where]


def test_an_endless_loop_is_a_finding():
    report = diagnose(mutated("order", "iter(lambda: self, 0)"))
    assert any(f.name in ("endless", "raises") for f in report.faults)


# --- the command -------------------------------------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def run(text, *options, status=0, name="engine.py"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        try:
            got = main(
                [
                    "doctor",
                    f"{name}{options[0] if options and options[0].startswith(':') else ''}",
                    *[o for o in options if not o.startswith(":")],
                ]
            )
        except SystemExit as stop:
            got = stop.code
        out, err = capsys.readouterr()
        assert got == status, out + err
        return out + err

    return run


def test_the_command_names_the_mistake_and_its_line(run):
    out = run(LECTURE.text({"d.tanh.a": "(1 - t)"}), status=1)
    assert "engine.py:Value: 1 mistake found" in out and "the square is missing" in out and "line 76:" in out
    assert "hint 1" in out and "hint 2" not in out and "solution" not in out


def test_the_corrected_line_is_printed_when_asked_for(run):
    out = run(LECTURE.text({"acc.mul.b": "="}), "--solution", status=1)
    assert "solution: line 34: other.grad += self.data * out.grad" in out


def test_a_right_file_ends_with_0_and_pages_are_written(run, tmp_path):
    assert "no mistake found" in run(LECTURE.text())
    run(LECTURE.text({"d.mul.a": "-other.data"}), ":Value", "-o", "report.html", status=1)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<svg" in text and 'class="wrong' in text and "Second hint" in text and "<script" not in text
    run(LECTURE.text(), "-o", "report.json")
    assert json.loads((tmp_path / "report.json").read_text())["ok"] is True


def test_a_viz_of_the_students_own_takes_the_picture_and_no_more(run, tmp_path):
    (tmp_path / "viz.py").write_text("mine = 1\n", encoding="utf-8")
    run(LECTURE.text({"d.mul.a": "-other.data"}), ":Value", "-o", "report.html", status=1)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<svg" not in text and "Second hint" in text and "Content-Security-Policy" in text


@pytest.mark.parametrize(
    ("tail", "said"),
    [
        ("\nwhile True:\n    pass\n", "does not end within"),
        ("\nname = input()\n", "asks for input"),
        ("\n1 / 0\n", "ZeroDivisionError"),
        ("\nimport sys\nsys.exit(3)\n", "SystemExit"),
        ("\nimport os\nos._exit(7)\n", "status 7"),
        ("\nprint('hello')\n", "the file printed"),
        ("\ndef f():\n    return f()\n\nf()\n", "RecursionError"),
    ],
)
def test_whatever_a_file_does_its_class_is_examined(run, tail, said):
    out = run(LECTURE.text({"acc.add.a": "="}) + tail, "--timeout", "4", status=1)
    assert said in out and "overwrites the gradient" in out


def test_a_class_that_runs_away_is_stopped(run):
    out = run(LECTURE.text({"f.exp": "__import__('time').sleep(60)"}), "--timeout", "3", status=2)
    assert "does not end within 3 seconds" in out


@pytest.mark.parametrize(
    ("text", "option", "said", "status"),
    [
        ("class A:\n  def f(:\n", "", "no Python", 3),
        ("x = 1\n", "", "no class with __add__", 3),
        ("class A:\n    pass\n", ":B", "no class 'B'", 3),
    ],
)
def test_files_that_hold_no_engine(run, text, option, said, status):
    assert said in run(text, *([option] if option else []), status=status)


def test_wrong_arguments_are_refused(run):
    assert "is not a file of Python" in run("", status=2, name="a.txt")
    assert main(["doctor", "nowhere.py"]) == 2 and main(["doctor", "engine.py", "--timeout", "0"]) == 2


def test_the_examined_class_is_not_in_this_process(run):
    run(LECTURE.text() + "\nimport math\nmath.pi = 3\n")
    import math

    assert math.pi > 3.1 and "the_students_file" not in sys.modules


def test_importing_micrograd_does_not_load_the_doctor():
    code = "import micrograd, sys; print('micrograd.doctor' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "False"
    assert "diagnose" not in micrograd.__all__


def test_the_page_of_a_report_marks_one_value():
    text = page(diagnose(mutated("d.mul.a", "self.data")))
    assert len(re.findall('class="wrong', text)) == 1


def test_the_other_gradients_of_a_picture_are_the_true_ones():
    """= for += at the left of a + (a + a): 2 in place of 3 at a; 1 at a + a and at the result."""
    report = diagnose(mutated("acc.add.a", "="))
    assert str(report.faults[0].example) == "a + (a + a) with a = 2: a.grad is 2, expected 3"
    assert report.faults[0].example.grads == {"a": 3.0, "b": 1.0, "c": 1.0}
    picture = re.search("<svg.*?</svg>", page(report), re.S)[0]
    assert re.findall(r">(data|grad)</text>.*?>([^<]*)</text>", picture) == [
        ("data", "2"), ("grad", "2"), ("data", "4"), ("grad", "1"), ("data", "6"), ("grad", "1"),
    ]  # fmt: skip


# --- expressions on any class ------------------------------------------------------------------------------------------


def test_expressions_run_on_a_students_class():
    from hypothesis import given, settings

    cls = doctor_bank.load(LECTURE.text(), "Value")

    @settings(max_examples=60, database=None, deadline=None)
    @given(testing.expressions(on=cls))
    def same(e):
        mine, ours = [cls(x) for x in e.inputs], [Value(x) for x in e.inputs]
        a, b = e(*mine), e(*ours)
        a.backward()
        b.backward()
        assert a.data == pytest.approx(b.data, rel=1e-9, abs=1e-9)
        assert [x.grad for x in mine] == pytest.approx([x.grad for x in ours], rel=1e-6, abs=1e-9)

    same()


def test_expressions_find_a_planted_mistake_in_a_students_class():
    from hypothesis import find

    cls = mutated("d.mul.b", "other.data")

    def differs(e):
        mine, ours = [cls(x) for x in e.inputs], [Value(x) for x in e.inputs]
        e(*mine).backward()
        e(*ours).backward()
        return any(abs(x.grad - y.grad) > 1e-6 * max(1.0, abs(y.grad)) for x, y in zip(mine, ours, strict=True))

    found = find(testing.expressions(on=cls, ops=[micrograd.TABLE[name] for name in ("add", "mul", "tanh")]), differs)
    assert "mul" in str(found)


def test_expressions_run_on_tensors():
    torch = pytest.importorskip("torch")
    from hypothesis import given, settings

    @settings(max_examples=30, database=None, deadline=None)
    @given(testing.expressions(on=torch.Tensor))
    def same(e):
        xs = [torch.tensor(x, dtype=torch.float64) for x in e.inputs]
        assert float(e(*xs)) == pytest.approx(e(*e.inputs), rel=1e-6, abs=1e-9)

    same()


def test_an_op_that_a_class_has_not_is_said():
    class Bare:
        pass

    expression = testing.Expression((1.0,), ((micrograd.TABLE["erf"], (0,)),))
    with pytest.raises(TypeError, match="neither an operator nor a method for erf"):
        expression(Bare())


@pytest.mark.parametrize(("slope", "said"), [("1 - t * t", []), ("1 - t", ["tanh"])])
def test_a_class_that_computes_in_decimal(slope, said):
    """It was called wrong: floats were written into its gradients, and no Decimal is multiplied by one."""
    from decimal import Decimal

    class Number:
        def __init__(self, data, children=()):
            self.data, self.grad, self.children = Decimal(data), Decimal(0), children
            self._backward = lambda: None

        def __add__(self, other):
            other = other if isinstance(other, Number) else Number(other)
            out = Number(self.data + other.data, (self, other))

            def backward():
                self.grad += out.grad
                other.grad += out.grad

            out._backward = backward
            return out

        def __mul__(self, other):
            other = other if isinstance(other, Number) else Number(other)
            out = Number(self.data * other.data, (self, other))

            def backward():
                self.grad += other.data * out.grad
                other.grad += self.data * out.grad

            out._backward = backward
            return out

        def tanh(self):
            e = (2 * self.data).exp()
            t = (e - 1) / (e + 1)
            out = Number(t, (self,))

            def backward():
                self.grad += eval(slope, {"t": t}) * out.grad

            out._backward = backward
            return out

        def backward(self):
            order, seen = [], set()

            def visit(v):
                if v not in seen:
                    seen.add(v)
                    for child in v.children:
                        visit(child)
                    order.append(v)

            visit(self)
            self.grad = Decimal(1)
            for v in reversed(order):
                v._backward()

    report = diagnose(Number)
    assert [f.where for f in report.faults] == said, report.text(3)
    assert "a * b" in report.works and ("a.tanh()" in report.works) is not bool(said)

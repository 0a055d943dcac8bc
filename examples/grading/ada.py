"""What a student hands in: half of 1 is wrong. `micrograd grade hw1.py ada.py` in this folder says so."""

from micrograd.exercises import exercise, student

student("ada")
n = exercise("hw1.1", file="hw1.py").numbers
v = n.a * n.b + n.b
exercise("hw1.1", file="hw1.py").check(da=2 * v * n.b, db=2 * v * n.a)


def softplus(x):
    """log(1 + eˣ)."""
    return (1 + x.exp()).log()


exercise("hw1.2", file="hw1.py").check(softplus)
exercise("hw1.3", file="hw1.py").check(name="root", slope=lambda x: 0.5 * x**-0.5)

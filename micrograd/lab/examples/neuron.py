# A neuron, as in the lecture.
# Change a number, and look at the right.
from micrograd import Value

x1, x2 = Value(2.0), Value(0.0)          # the inputs
w1, w2 = Value(-3.0), Value(1.0)         # the weights
b = Value(6.88)                          # the bias

s = x1 * w1 + x2 * w2 + b
o = s.tanh()
o.backward()

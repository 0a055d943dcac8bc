# A diamond: two ways lead from a to d, and their
# gradients add up (look at += in the stepper).
from micrograd import Value

a = Value(3.0)
b = a * 2
c = a + 1
d = b * c
d.backward()

print("by way of b:", b.grad * 2)
print("by way of c:", c.grad * 1)
print("together:   ", a.grad)

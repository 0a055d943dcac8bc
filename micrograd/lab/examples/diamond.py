# A diamond: two ways lead from a to d, and their gradients add up (look at += in the stepper).
from micrograd import Value

a = Value(3.0)
b = a * 2
c = a + 1
d = b * c
d.backward()

print("from b:", b.grad * 2, " from c:", c.grad * 1, " together:", a.grad)

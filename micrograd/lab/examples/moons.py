# Two moons: a small network learns where one ends and
# the other begins. Scrub through it at the right.
import random

import viz
from micrograd import data, nn, optim

random.seed(1)                           # begin with 2, and it gets stuck
points, classes = data.moons(30)
sides = [2 * c - 1 for c in classes]     # -1 and 1
model = nn.MLP(2, [8, 1])
optimizer = optim.Adam(model.parameters(), lr=0.2)
watch = viz.watch(model, data=(points, sides), grid=12, every=3)


def hinge():
    losses = [(1 - side * model(point)).relu()
              for point, side in zip(points, sides)]
    return sum(losses) / len(losses)


for step in range(40):
    loss = hinge()
    optimizer.zero_grad()
    loss.backward()
    watch(loss)
    optimizer.step()

loss = hinge()
print("loss after training:", loss.data)

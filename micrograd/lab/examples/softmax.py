# Softmax and cross-entropy: the gradient of each score is
# its probability, minus 1 for the right one.
from micrograd import Value

scores = [Value(2.0, label="cat"), Value(1.0, label="dog"), Value(-1.0, label="owl")]
powers = [score.exp() for score in scores]
total = sum(powers)
probabilities = [power / total for power in powers]

right = 0                                # it was a cat
loss = -probabilities[right].log()
loss.backward()

for score, p in zip(scores, probabilities):
    print(f"{score.label}: probability {p.data:.4f}, gradient {score.grad:+.4f}")

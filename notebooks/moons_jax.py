"""loss: a program of 128 scalars, written by micrograd.export.to_jax."""

import jax
import jax.numpy as jnp
import numpy as np


def loss(p, x1, x2):
    sum1 = p["bias1"] + x1 @ p["weight1"].T
    relu1 = jax.nn.relu(sum1)
    sum2 = p["bias2"] + relu1 @ p["weight2"].T
    neg1 = -jnp.take_along_axis(jax.nn.log_softmax(sum2), x2.astype(int)[..., None], -1)[..., 0]
    return neg1.mean()


def start():
    """The parameters."""
    return {
        "bias1": jnp.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        "weight1": jnp.array([[0.9120685437784988, 0.8956549741186988], [-0.8868972645463826, -0.8302560096821567], [0.6709977562588991, 0.4719399781370466], [0.3394608028804418, -0.3837270848217116], [0.21188833135692486, 0.21360346728167579], [0.16240803422400618, -0.6832342594903889], [-0.13866071941746272, -0.21293635958925727], [0.4460241624749317, 0.9896391258994854]]),
        "bias2": jnp.array([0.0, 0.0]),
        "weight2": jnp.array([[0.8987909461864871, 0.08835409485864165, -0.11029162254829283, -0.4635185167013438, -0.9281513412142848, -0.945110285818362, -0.07021227580537581, -0.36306974429264516], [-0.23997015619857676, 0.7835789156565749, 0.05150553829205662, 0.12102072205299774, -0.5277531857698758, -0.9522838417184356, -0.34971414247767996, -0.7266052140270667]]),
    }


def flat(p):
    """Their numbers, in the order that the loss has them in."""
    found = np.zeros(42)
    for name, places in PLACES.items():
        found[places] = np.ravel(p[name])
    return found.tolist()


PLACES = {
    "bias1": list(range(2, 24, 3)),
    "weight1": [0, 1, 3, 4, 6, 7, 9, 10, 12, 13, 15, 16, 18, 19, 21, 22],
    "bias2": [32, 41],
    "weight2": [24, 25, 26, 27, 28, 29, 30, 31, 33, 34, 35, 36, 37, 38, 39, 40],
}

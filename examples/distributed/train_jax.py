"""A loss written with scalars, trained data-parallel by JAX: samples are sharded over the devices, gradients averaged among them.

    XLA_FLAGS=--xla_force_host_platform_device_count=2 python examples/distributed/train_jax.py digits --steps 50

That splits the processor into two devices. On several GPUs or TPUs leave XLA_FLAGS out; on several machines call
`jax.distributed.initialize()` first.
"""

from __future__ import annotations

import argparse

import jax
import jax.numpy as jnp
from jax.sharding import Mesh, PartitionSpec
from models import MODELS

from micrograd.export import to_jax

jax.config.update("jax_enable_x64", True)


def main() -> None:
    """Train, a loss a step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--lr", type=float, default=0.1)
    args = parser.parse_args()

    step, arrays = MODELS[args.model]()
    step(*arrays)
    loss, params = to_jax(step)
    mesh = Mesh(jax.devices(), ("samples",))
    split, whole = PartitionSpec("samples"), PartitionSpec()

    def shared(p, *xs):  # on one device, with its share
        found = jax.value_and_grad(loss)(jax.tree.map(lambda x: jax.lax.pcast(x, "samples", to="varying"), p), *xs)
        return jax.lax.pmean(found, "samples")

    average = jax.shard_map(shared, mesh=mesh, in_specs=(whole, *[split] * len(arrays)), out_specs=(whole, whole))

    @jax.jit
    def update(p, *xs):
        value, grads = average(p, *xs)
        return value, jax.tree.map(lambda w, g: w - args.lr * g, p, grads)

    xs = [jnp.asarray(a, dtype=float) for a in arrays]
    for k in range(args.steps):
        value, params = update(params, *xs)
        print(k, repr(float(value)), flush=True)
    print("parameters", *map(repr, loss.flat(params)), flush=True)


if __name__ == "__main__":
    main()

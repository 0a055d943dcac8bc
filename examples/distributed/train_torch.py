"""A loss written with scalars, trained data-parallel by PyTorch: each process has a share of the samples, gradients are averaged.

    torchrun --standalone --nproc-per-node 2 examples/distributed/train_torch.py digits --steps 50 --checkpoint digits.pt

On a cluster the same file runs on every machine: `torchrun --nnodes 4 --nproc-per-node 8 --rdzv-backend c10d --rdzv-endpoint HOST:29400 …`
(`--backend nccl` where there are GPUs). A worker that is killed ends the run; with `--max-restarts 3` torchrun starts it again, and it
goes on from its checkpoint (with TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1 in the environment: docs/distributed.md says why). The first process
prints a loss a step.
"""

from __future__ import annotations

import argparse
import gc
import os
import signal
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from models import MODELS
from torch.nn.parallel import DistributedDataParallel

from micrograd.export import to_torch


def arguments() -> argparse.Namespace:
    """What the command takes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--backend", default="gloo", help="gloo (processors) or nccl (GPUs)")
    parser.add_argument("--checkpoint", type=Path, help="a file to go on from, written every --every steps")
    parser.add_argument("--every", type=int, default=5)
    parser.add_argument("--kill", type=int, metavar="STEP", help="the last process kills itself there, the first time (to see a restart)")
    return parser.parse_args()


def save(path: Path, state: dict[str, Any]) -> None:
    """Whole or not at all."""
    part = path.with_suffix(".part")
    torch.save(state, part)
    os.replace(part, path)


def main() -> None:
    """Join the group, train, leave it."""
    args = arguments()
    torch.set_num_threads(1)
    dist.init_process_group(args.backend)
    train(args)
    gc.collect()  # what still holds the group would end its threads after Python: now and then an abort (pytorch/pytorch#179291)
    dist.destroy_process_group()


def train(args: argparse.Namespace) -> None:
    """A loss a step, printed by the first process, and the parameters at the end."""
    rank, world = dist.get_rank(), dist.get_world_size()
    device = torch.device("cuda", int(os.environ["LOCAL_RANK"])) if args.backend == "nccl" else torch.device("cpu")

    step, arrays = MODELS[args.model]()
    step(*arrays)
    module = DistributedDataParallel(to_torch(step).to(device))
    optimizer = torch.optim.SGD(module.parameters(), lr=args.lr)
    share = [torch.as_tensor(a[rank::world], dtype=torch.float64, device=device) for a in arrays]  # of one size: a mean of means

    first = 0
    if args.checkpoint and args.checkpoint.exists():
        state = torch.load(args.checkpoint, map_location=device)
        module.load_state_dict(state["module"])
        optimizer.load_state_dict(state["optimizer"])
        first = state["step"]
    for k in range(first, args.steps):
        if k == args.kill and rank == world - 1 and os.environ.get("TORCHELASTIC_RESTART_COUNT", "0") == "0":
            os.kill(os.getpid(), signal.SIGKILL)
        optimizer.zero_grad()
        loss = module(*share)
        loss.backward()
        optimizer.step()
        mean = loss.detach().clone()
        dist.all_reduce(mean)
        if rank == 0:
            print(k, repr(mean.item() / world), flush=True)
            if args.checkpoint and (k + 1) % args.every == 0:
                save(args.checkpoint, {"step": k + 1, "module": module.state_dict(), "optimizer": optimizer.state_dict()})
    if rank == 0:
        print("parameters", *map(repr, module.module.flat()), flush=True)


if __name__ == "__main__":
    main()

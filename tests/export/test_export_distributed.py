"""examples/distributed: losses and parameters of two processes, or two devices, are those of one; a killed worker's run goes on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

np = pytest.importorskip("numpy")
from export_models import near  # noqa: E402
from micrograd import optim  # noqa: E402

HERE = Path(__file__).parents[2] / "examples" / "distributed"
pytestmark = pytest.mark.slow


def run(command, **more):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(HERE.parents[1]), **more}
    return subprocess.run(command, cwd=HERE, env=environment, capture_output=True, encoding="utf-8", timeout=300)


def torchrun(*arguments, restarts=0):
    pytest.importorskip("torch")
    program = shutil.which("torchrun", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    command = [program, "--standalone", "--nproc-per-node", "2", "--max-restarts", str(restarts), "train_torch.py", *arguments]
    return run(command, TORCH_DISABLE_SHARE_RDZV_TCP_STORE="1")  # else a new worker may ask at the address of one that is gone


def told(out):
    """The losses, by their steps, and the parameters at the end."""
    rows = [line.split() for line in out.splitlines()]
    losses = {int(row[0]): float(row[1]) for row in rows if row and row[0].isdigit()}
    return losses, [float(x) for row in rows if row and row[0] == "parameters" for x in row[1:]]


def alone(name, steps):
    """The same training in one process, by micrograd."""
    sys.path.insert(0, str(HERE))
    try:
        from models import MODELS
    finally:
        sys.path.remove(str(HERE))
    step, arrays = MODELS[name]()
    step(*arrays)
    params = step._latest[0].traced.params
    return step.train(optim.SGD(params, lr=0.1), tuple(arrays), steps), [p.data for p in params]


@pytest.mark.parametrize("name", ["moons", "digits", "gpt"])
@pytest.mark.parametrize("home", ["torch", "jax"])
def test_two_workers_train_as_one(name, home):
    pytest.importorskip(home)
    if name == "digits":
        pytest.importorskip("sklearn")
    if home == "torch":
        done = torchrun(name, "--steps", "6", restarts=1)  # PyTorch may abort a process that is at its end: pytorch/pytorch#179291
    else:
        done = run([sys.executable, "train_jax.py", name, "--steps", "6"], XLA_FLAGS="--xla_force_host_platform_device_count=2")
    assert done.returncode == 0, done.stdout[-1000:] + done.stderr[:3000] + done.stderr[-2000:]
    losses, parameters = told(done.stdout)
    expected, values = alone(name, 6)
    near([losses[k] for k in range(6)], expected, 1e-10)
    near(parameters, values, 1e-10)


def test_a_killed_worker_ends_the_run_and_a_restart_goes_on(tmp_path):
    kept = tmp_path / "moons.pt"
    options = ["moons", "--steps", "8", "--checkpoint", str(kept), "--every", "2", "--kill", "5"]
    broken = torchrun(*options)
    assert broken.returncode != 0 and kept.exists() and not list(tmp_path.glob("*.part"))
    kept.unlink()
    done = torchrun(*options, restarts=1)
    assert done.returncode == 0, done.stdout[-1000:] + done.stderr[:3000] + done.stderr[-2000:]
    losses, parameters = told(done.stdout)
    expected, values = alone("moons", 8)
    near([losses[k] for k in range(8)], expected, 1e-10)
    near(parameters, values, 1e-10)

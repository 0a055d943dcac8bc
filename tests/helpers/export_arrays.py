"""An exported function of PyTorch or JAX behind the interface that the tests of every home have."""

from __future__ import annotations

import numpy as np

from micrograd.export.homes import arguments
from micrograd.export.taken import Taken


class Torch:
    """The module that `to_torch` gives."""

    def __init__(self, step, **options):
        import torch

        from micrograd.export import to_torch

        self.torch, self.module = torch, to_torch(step, **options)
        self.text, taken = self.module.source, Taken(step)
        self.args, self.batch = arguments(taken), taken.program.batch
        scope = {"__name__": "written"}
        exec(self.text, scope)
        self.places, self.params = scope["PLACES"], len(scope["START"])

    def given(self, x):
        """The flat numbers of the arguments as the tensors that the module takes."""
        x = np.asarray(x, dtype=float).reshape(-1, sum(a.numbers.shape[1] for a in self.args)) if self.args else np.zeros((1, 0))
        found, at = [], 0
        for a in self.args:
            size = a.numbers.shape[1]
            part = x[:, at : at + size].reshape((len(x), *a.shape) if self.batch else a.shape)
            found.append(self.torch.tensor(part, requires_grad=True))
            at += size
        return found

    def value_and_grad(self, p, x, dx=False):
        self.module.load(list(p))
        self.module.zero_grad()
        given = self.given(x)
        found = self.module(*given)
        loss = found[0] if isinstance(found, tuple) else found
        if loss.requires_grad:
            loss.backward()
        grads = np.zeros(self.params)
        for name, places in self.places.items():
            if getattr(self.module, name).grad is not None:
                grads[places] = getattr(self.module, name).grad.flatten().numpy()
        if not dx:
            return loss.item(), grads.tolist()
        inputs = [self.torch.zeros_like(t) if t.grad is None else t.grad for t in given]
        return loss.item(), grads.tolist(), [g for t in inputs for g in t.flatten().tolist()]

    def numbers(self, p, x):
        self.module.load(list(p))
        found = self.module(*self.given(x))
        return [float(found)] if not isinstance(found, tuple) else [found[0].item(), *found[1].detach().flatten().tolist()]


class Jax:
    """The function that `to_jax` gives."""

    def __init__(self, step, **options):
        import jax

        from micrograd.export import to_jax

        jax.config.update("jax_enable_x64", True)
        self.jax, (self.loss, self.start) = jax, to_jax(step, **options)
        self.text, taken = self.loss.source, Taken(step)
        self.args, self.batch = arguments(taken), taken.program.batch
        scope = {"__name__": "written"}
        exec(self.text, scope)
        self.places = scope["PLACES"]
        self.several = len(taken.program.outputs) > 1

    given = Torch.given

    @property
    def torch(self):
        class Arrays:
            tensor = staticmethod(lambda x, **_: self.jax.numpy.asarray(x))

        return Arrays

    def pytree(self, p):
        p = np.asarray(p, dtype=float)
        return {name: self.jax.numpy.asarray(p[places].reshape(self.start[name].shape)) for name, places in self.places.items()}

    def value_and_grad(self, p, x, dx=False):
        given = self.given(x)
        f = self.jax.value_and_grad(self.loss, argnums=tuple(range(1 + len(given))), has_aux=self.several)
        found, (grads, *inputs) = f(self.pytree(p), *given)
        value = found[0] if self.several else found
        flat = self.loss.flat(grads)
        return (float(value), flat, [float(g) for t in inputs for g in np.ravel(t)]) if dx else (float(value), flat)

    def numbers(self, p, x):
        found = self.loss(self.pytree(p), *self.given(x))
        return [float(found[0]), *np.ravel(found[1]).tolist()] if self.several else [float(found)]


class JaxAtOnce(Jax):
    """… as one program of XLA's, in haste: to run once, where operation by operation each is compiled too, if alike ones once."""

    def value_and_grad(self, p, x):
        if self.text.count("\n") > 120:  # XLA's time for a long program grows faster than its length
            return super().value_and_grad(p, x)
        haste = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
        given = (self.pytree(p), *self.given(x))
        f = self.jax.jit(self.jax.value_and_grad(self.loss, has_aux=self.several)).lower(*given).compile(compiler_options=haste)
        found, grads = f(*given)
        return float(found[0] if self.several else found), self.loss.flat(grads)


class Onnx:
    """The model that `to_onnx` gives, run by ONNX Runtime."""

    def __init__(self, step, **options):
        import onnxruntime

        from micrograd.export import to_onnx
        from micrograd.export.homes import parameters

        self.model, taken = to_onnx(step, **options), Taken(step)
        settings = onnxruntime.SessionOptions()
        settings.log_severity_level = 3
        settings.intra_op_num_threads = settings.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(self.model.SerializeToString(), settings, providers=["CPUExecutionProvider"])
        self.args, self.batch = arguments(taken), taken.program.batch
        self.blocks = parameters(taken)
        self.params = len(taken.params)
        self.names = [o.name for o in self.session.get_outputs()]

    given = Torch.given

    @property
    def torch(self):
        class Arrays:
            tensor = staticmethod(lambda x, **_: np.asarray(x, dtype=np.float64))

        return Arrays

    def run(self, p, x, **more):
        p = np.asarray(p, dtype=float)
        feed = (
            {b.name: np.asarray(p[b.places]) for b in self.blocks}
            | {a.name: t for a, t in zip(self.args, self.given(x), strict=True)}
            | more
        )
        return dict(zip(self.names, self.session.run(None, feed), strict=True))

    def flat(self, found, prefix="grad."):
        flat = np.zeros(self.params)
        for b in self.blocks:
            flat[b.places] = found[prefix + b.name]
        return flat.tolist()

    def value_and_grad(self, p, x, dx=False):
        found = self.run(p, x)
        if not dx:
            return float(found["loss"]), self.flat(found)
        return float(found["loss"]), self.flat(found), [float(g) for a in self.args for g in np.ravel(found[f"grad.{a.name}"])]

    def numbers(self, p, x):
        found = self.run(p, x)
        return [float(found["loss"]), *(np.ravel(found["outputs"]).tolist() if "outputs" in found else [])]

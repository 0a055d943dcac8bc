"""Names that people bring from NumPy, PyTorch, JAX and scikit-learn, and what is written here: the error for them says it.

A name is an alias here only where it means the same (`v.item()`, `forward`); the others are in this table.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib.machinery import PathFinder
from typing import Any

from micrograd.nearest import nearest
from micrograd.ops import TABLE

_DEVICE = "everything is on this machine's processor: leave it out"
_FIT = "train.fit(model, (X, y), losses.mse, optim.Adam(model))"

_ONE = "a Value is one number; several stand in lists"
HERE: dict[str, dict[str, str]] = {
    "Value": {
        "numpy": "v.data", "tolist": "v.data", "cpu": _DEVICE, "cuda": _DEVICE, "to": _DEVICE, "device": _DEVICE,
        "clone": "v + 0 for a new node, copy.deepcopy(v) for a new graph",
        "copy": "v + 0 for a new node, copy.deepcopy(v) for a new graph",
        "requires_grad": "every Value has a gradient; optimizers leave a module alone after model.freeze()",
        "requires_grad_": "every Value has a gradient; optimizers leave a module alone after model.freeze()",
        "stop_gradient": "v.detach()", "grad_fn": "v.op and v.args", "is_leaf": "v.op is None",
        "retain_grad": "every Value keeps its gradient", "zero_": "v.data = 0", "fill_": "v.data = x", "add_": "v.data += x",
        "sub_": "v.data -= x", "mul_": "v.data *= x", "copy_": "v.data = x", "square": "v * v or v**2", "reciprocal": "1 / v",
        "softmax": "functional.softmax([v1, v2, …])", "log_softmax": "functional.log_softmax([v1, v2, …])",
        "logsumexp": "functional.logsumexp([v1, v2, …])", "mean": "functional.mean([v1, v2, …])", "T": _ONE, "size": _ONE,
        "dim": _ONE, "view": _ONE, "reshape": _ONE, "matmul": "functions of lists, or NumPy arrays of Values: W @ x",
    },
    "Module": {
        "fit": _FIT, "predict": "train.predict(model, X)", "forward": "model(x)",
        "score": "train.evaluate(model, (X, y), loss, metrics)", "evaluate": "train.evaluate(model, (X, y), loss, metrics)",
        "to": _DEVICE, "cuda": _DEVICE, "cpu": _DEVICE, "double": _DEVICE, "float": _DEVICE, "modules": "model.named_modules()",
        "children": "model.named_modules()", "named_children": "model.named_modules()",
        "apply": "for name, module in model.named_modules(): …", "requires_grad_": "model.freeze(), model.freeze(False)",
        "register_forward_hook": "model.register_hook(hook)", "add_module": "model.name = module",
        "register_parameter": "model.name = Value(0.0)", "register_buffer": "buffers = ('name',) in the class",
        "num_parameters": "len(model.parameters())", "n_parameters": "len(model.parameters())", "params": "model.parameters()",
        "weights": "model.parameters(), model.state_dict()", "get_weights": "model.state_dict()",
        "set_weights": "model.load_state_dict(state)",
        "compile": "micrograd.compile(loss, model), or train.fit(…, compiled=True)",
        "backward": "loss.backward(), of the Value that the loss gives", "step": "optimizer.step()", "in_features": "layer.nin",
        "out_features": "layer.nout",
    },
    "Optimizer": {
        "param_groups": "optimizer.groups, each with params and settings", "lr": "optimizer.groups[0].settings['lr']",
    },
    "micrograd": {
        "tensor": "Value", "Tensor": "Value", "Variable": "Value", "array": "a list of Values, or a NumPy array of them",
        "Module": "nn.Module", "Neuron": "nn.Neuron", "Layer": "nn.Layer", "MLP": "nn.MLP", "Linear": "nn.Linear",
        "softmax": "functional.softmax", "mean": "functional.mean", "norm": "functional.norm", "argmax": "functional.argmax",
        "logsumexp": "functional.logsumexp", "log_softmax": "functional.log_softmax", "jit": "micrograd.compile(loss, params)",
        "vmap": "[f(x) for x in xs], or micrograd.compile(loss, params, batch=True)", "jacfwd": "jacobian(f, (x,))",
        "jacrev": "jacobian(f, (x,))", "stop_gradient": "v.detach()", "fit": "train.fit", "predict": "train.predict",
        "Adam": "optim.Adam", "SGD": "optim.SGD", "mse": "losses.mse", "cross_entropy": "losses.cross_entropy",
        "draw": "viz.draw", "draw_dot": "viz.draw_dot", "square": "v * v or v**2",
        "numpy": "NumPy's own functions take arrays of Values", "inference_mode": "no_grad()",
        "enable_grad": "leave the no_grad() block", "manual_seed": "random.seed, or rng=random.Random(0) to a layer",
    },
    "micrograd.functional": {
        "mse_loss": "losses.mse", "l1_loss": "losses.mae", "cross_entropy": "losses.cross_entropy", "nll_loss": "losses.nll",
        "kl_div": "losses.kl", "binary_cross_entropy": "losses.bce", "binary_cross_entropy_with_logits": "losses.bce_with_logits",
        "one_hot": "data.one_hot", "dropout": "nn.Dropout(p)", "linear": "nn.Linear(nin, nout)",
        "normalize": "[x / norm(xs) for x in xs]", "sum": "sum(xs)",
    },
    "micrograd.nn": {
        "MSELoss": "losses.mse", "L1Loss": "losses.mae", "HuberLoss": "losses.huber", "SmoothL1Loss": "losses.huber",
        "BCELoss": "losses.bce", "BCEWithLogitsLoss": "losses.bce_with_logits", "CrossEntropyLoss": "losses.cross_entropy",
        "NLLLoss": "losses.nll", "KLDivLoss": "losses.kl", "BatchNorm1d": "nn.BatchNorm(n)",
        "BatchNorm2d": "nn.BatchNorm(n, rank=3)", "Identity": "nn.Sequential()", "Parameter": "Value",
        "ModuleList": "a list as an attribute of the module", "ModuleDict": "a dict as an attribute of the module",
        "Dense": "nn.Linear(nin, nout)", "functional": "micrograd.functional, micrograd.relu, …",
        "utils": "optim.clip_norm, optim.clip_value", "Dropout2d": "nn.Dropout(p)",
        "TransformerEncoderLayer": "nn.TransformerBlock(width, heads)",
        "MultiheadAttention": "nn.MultiHeadAttention(width, heads)",
    },
    "micrograd.optim": {
        "lr_scheduler": "a schedule: optim.Adam(model, schedule=optim.Cosine(total=100))", "StepLR": "StepDecay",
        "ExponentialLR": "Exponential", "CosineAnnealingLR": "Cosine", "ReduceLROnPlateau": "Plateau", "OneCycleLR": "OneCycle",
        "LinearLR": "Linear", "LambdaLR": "schedule=a function",
        "clip_grad_norm_": "clip_norm(model, limit), or an optimizer's clip_norm=",
        "clip_grad_value_": "clip_value(model, limit), or an optimizer's clip_value=", "swa_utils": "Average",
    },
    "micrograd.losses": {
        "MSELoss": "mse", "mse_loss": "mse", "mean_squared_error": "mse", "L1Loss": "mae", "l1_loss": "mae",
        "mean_absolute_error": "mae", "BCELoss": "bce", "binary_cross_entropy": "bce", "binary_crossentropy": "bce",
        "BCEWithLogitsLoss": "bce_with_logits", "binary_cross_entropy_with_logits": "bce_with_logits",
        "CrossEntropyLoss": "cross_entropy", "categorical_crossentropy": "cross_entropy",
        "sparse_categorical_crossentropy": "cross_entropy", "nll_loss": "nll", "NLLLoss": "nll", "kl_div": "kl",
        "log_loss": "bce, cross_entropy", "hinge_loss": "hinge", "max_margin": "hinge", "svm": "hinge", "huber_loss": "huber",
        "smooth_l1_loss": "huber",
    },
    "micrograd.metrics": {
        "accuracy_score": "accuracy(predictions, targets)", "f1_score": "f1(predictions, targets)",
        "r2_score": "r2(predictions, targets)", "precision_score": "precision(predictions, targets)",
        "recall_score": "recall(predictions, targets)", "roc_auc_score": "auc(predictions, targets)",
        "roc_curve": "roc(predictions, targets)", "mean_squared_error": "losses.mse",
    },
    "micrograd.data": {
        "train_test_split": "split((X, y), 0.2), or scikit-learn's own", "DataLoader": "train.fit(…, batch_size=16)",
        "Dataset": "(inputs, targets), or a list of pairs", "load_iris": "iris()", "load_digits": "digits()",
        "load_breast_cancer": "breast_cancer()", "load_diabetes": "diabetes()", "make_moons": "moons(n)",
        "make_circles": "circles(n)", "make_blobs": "blobs(n)", "StandardScaler": "Scaling(rows)",
        "OneHotEncoder": "one_hot(classes)", "LabelEncoder": "names = sorted(set(labels)); [names.index(x) for x in labels]",
    },
    "micrograd.train": {
        "train": "fit", "DataLoader": "fit(…, batch_size=16)", "score": "evaluate", "Trainer": "fit",
    },
}  # fmt: skip


def missing(owner: str, name: str, known: Iterable[str] = ()) -> AttributeError:
    """The error for a name that a module does not have, with what to write instead. known: what it has, for a slip of the pen."""
    here = HERE.get(owner, {}).get(name) or (f"micrograd.{name}" if name in TABLE else None)
    if here is None and not name.startswith("_") and not _is_file(owner, name):  # those are Python's own questions
        here = nearest(name, (x for x in known if not x.startswith("_"))) or None
    return AttributeError(f"module {owner!r} has no attribute {name!r}" + (f"; here: {here}" if here else ""), name=name)


def _is_file(package: str, name: str) -> bool:
    """Is it a file of the package? Before `from package import file` reads it, Python asks the package for the name."""
    folders = getattr(sys.modules.get(package), "__path__", None)
    return folders is not None and PathFinder.find_spec(f"{package}.{name}", folders) is not None


class Absent:
    """A name that a class does not have: looking it up is an AttributeError, as for any other, which says what to write instead.

    Not `__getattr__`, which makes every look-up of every attribute slower.
    """

    __slots__ = ("here", "name")

    def __init__(self, name: str, here: str) -> None:
        self.name, self.here = name, here

    def __get__(self, this: Any, owner: type) -> Any:
        raise AttributeError(f"{owner.__name__!r} object has no attribute {self.name!r}; here: {self.here}", name=self.name, obj=this)


def said_of(owner: type) -> None:
    """Let the class say what to write for the names of its table. A subclass, or an object, may have them after all."""
    table = HERE[owner.__name__]
    for name, here in table.items():
        if not hasattr(owner, name):
            setattr(owner, name, Absent(name, here))

    def __dir__(self: Any) -> list[str]:
        return [name for name in object.__dir__(self) if name not in table or hasattr(self, name)]

    owner.__dir__ = __dir__  # type: ignore[method-assign, assignment]

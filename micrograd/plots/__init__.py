"""Pictures of training and of trained models, by matplotlib. Each draws on `ax` (a new one unless given) and returns it.

Colours tell apart for colour-blind eyes; text and frames follow the style in use, light or dark.
"""

from __future__ import annotations

from micrograd.plots.common import BLUE, GREEN, GREY, ORANGE, PURPLE, style
from micrograd.plots.landscape import Path, loss_landscape, surface
from micrograd.plots.lines import bars, curves
from micrograd.plots.models import attention_map, confusion_matrix, decision_boundary, fitted_curve, image, saliency
from micrograd.plots.training import activation_histogram, gradient_flow, layers, loss_curves, weight_histogram

__all__ = [
    "BLUE", "GREEN", "GREY", "ORANGE", "PURPLE", "Path", "activation_histogram", "attention_map", "bars",
    "confusion_matrix", "curves", "decision_boundary", "fitted_curve", "gradient_flow", "image", "layers", "loss_curves",
    "loss_landscape", "saliency", "style", "surface", "weight_histogram",
]  # fmt: skip

"""Neural networks in scalar code: each layer is its plain formula on lists of Values.

A layer takes one sample (a vector is a list of Values or numbers, a sequence a list of vectors), or lists of them, each by
itself; only BatchNorm looks at a batch as a whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from micrograd import mixed
from micrograd.nn import init
from micrograd.nn.activations import (
    ELU,
    GELU,
    Activation,
    LeakyReLU,
    LogSoftmax,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)  # fmt: skip
from micrograd.nn.attention import MultiHeadAttention, TransformerBlock, attention
from micrograd.nn.containers import Flatten, Residual, Sequential
from micrograd.nn.conv import AvgPool1d, AvgPool2d, Conv1d, Conv2d, MaxPool1d, MaxPool2d
from micrograd.nn.dropout import Dropout
from micrograd.nn.embedding import Embedding
from micrograd.nn.linear import MLP, Layer, Linear, Neuron
from micrograd.nn.module import Module
from micrograd.nn.norm import BatchNorm, LayerNorm, RMSNorm
from micrograd.nn.recurrent import GRU, LSTM, RNN, GRUCell, LSTMCell, RNNCell, detached

__all__ = [
    "ELU", "GELU", "GRU", "LSTM", "MLP", "RNN", "Activation", "AvgPool1d", "AvgPool2d", "BatchNorm", "Conv1d", "Conv2d",
    "Dropout", "Embedding", "Flatten", "GRUCell", "LSTMCell", "Layer", "LayerNorm", "LeakyReLU", "Linear", "LogSoftmax",
    "MaxPool1d", "MaxPool2d", "Module", "MultiHeadAttention", "Neuron", "RMSNorm", "RNNCell", "ReLU", "Residual",
    "Sequential", "SiLU", "Sigmoid", "Softmax", "Softplus", "Tanh", "TransformerBlock", "attention", "detached", "init",
]  # fmt: skip

mixed.glance()


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        from micrograd.habits import missing

        raise missing(__name__, name, known=globals())

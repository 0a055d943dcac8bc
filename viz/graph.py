"""The model of a graph under its public name: what is in `viz.model.graph`."""

from .model.graph import *  # noqa: F403

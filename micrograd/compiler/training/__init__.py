"""The training loop of a compiled loss, and the optimizers' updates inside it."""

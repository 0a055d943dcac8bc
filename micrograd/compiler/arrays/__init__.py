"""The NumPy back end: each instruction a few array calls on views of the pools."""

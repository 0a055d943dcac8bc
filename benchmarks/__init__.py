"""What the engine and the compiler cost, beside the original, PyTorch, JAX, NumPy and C: `python -m benchmarks`."""

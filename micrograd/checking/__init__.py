"""Gradients against independent truth: checks, numeric derivatives, many digits, and what may be said of them."""

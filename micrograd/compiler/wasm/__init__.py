"""A compiled loss in a page without NumPy: its scalar graph as WebAssembly, one instruction after the other, without loops."""

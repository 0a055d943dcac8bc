"""Compiled code, made by Numba and kept on disk: the interpreter of every program, and the code of one."""

"""The command line: its expressions, which are read and never executed, and its commands."""

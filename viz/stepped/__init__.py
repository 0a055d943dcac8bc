"""Graphs stepped through: the recording, the stepper, its stills, and the worksheet."""

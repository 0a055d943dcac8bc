"""The lab: one HTML file with an editor, the graph, the stepper and the checks, and with Python itself, so that nothing is installed."""

"""From a loss to its scalar graph: run once on marked Values, with everything that a trace must refuse."""

"""What a graph is, for every renderer: read, numbered, folded."""

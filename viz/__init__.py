"""Pictures of computation graphs."""

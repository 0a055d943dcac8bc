"""Instructions as loops in languages with braces: C and JavaScript."""

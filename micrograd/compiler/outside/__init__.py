"""What a loss reads from outside its arguments: found, noted when it is traced, and compared when a call begins."""

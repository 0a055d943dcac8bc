"""What a Program is: its loop nests, how it prints, what each instruction computes, and the reference interpreter."""

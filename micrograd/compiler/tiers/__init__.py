"""Which back end runs a program, and when it is changed for a faster one."""

"""Floor 0: the plain data that rooms hand to each other.

Frozen dataclasses without behaviour beyond what follows from their own fields. Nothing here does I/O, reads a
clock or imports a library that does.
"""

"""How everything is written, in one place: names, numbers and formulas, as text, TeX and MathML.

`formula` is the tree that a row's formula is parsed into; `text`, `tex` and `mathml` print it; `typeset` says what the latter
two write otherwise than code does; `rows` knows the operation of a value, ours or anybody's; `numbers` formats numbers.
Standard library alone.
"""

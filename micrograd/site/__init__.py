"""The site: a folder of pages that any host can serve, from a sub-path too, and that asks no other host for anything.

    micrograd site -o DIR

It has the lessons with their pictures and live steppers, the reference from the docstrings (by pdoc), the tables of speed and accuracy,
the documents of this repository, and the sources that they link to. Links are checked before it is done; a page's policy lets nothing in
from elsewhere. Needs the extra `site`, and a checkout of the repository, where the lessons are.
"""

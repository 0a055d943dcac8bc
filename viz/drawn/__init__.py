"""Graphs drawn: as SVG, DOT, HTML, PDF, LaTeX and text."""

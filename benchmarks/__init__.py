"""Figures and ratios, measured in one run on one machine, against design.md §8. Nothing here fails a build."""

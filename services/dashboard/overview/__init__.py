"""Overviews of a school and of the board: rates by class, grade and school beside their usual level."""

"""Absence notices: what a family tells about a child's coming to school, however it reaches the school."""

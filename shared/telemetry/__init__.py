"""Seeing inside the running product: what is measured, what is written down, and where both go.

``meters`` names every figure, ``journal`` is how a line of the log looks, ``outlets`` gives a process the ways out
that its operator asked for. Nothing that is measured or written names anybody: labels are services, routes by their
template, kinds of problems, copies and roles, and nothing else.
"""

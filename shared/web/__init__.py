"""What every service's HTTP face has: one app factory, problems in words, commands that happen once."""

from shared.web.app import ServiceApp, make_app
from shared.web.commands import command_of, run_command
from shared.web.problems import FieldError, Problem, denied, not_found, step_up
from shared.web.requests import bearer, current

__all__ = [
    "FieldError",
    "Problem",
    "ServiceApp",
    "bearer",
    "command_of",
    "current",
    "denied",
    "make_app",
    "not_found",
    "run_command",
    "step_up",
]

"""The small school and the service of the roll's tests."""

from services.registry.attendance.tests.conftest import client, school

__all__ = ["client", "school"]

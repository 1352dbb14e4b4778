"""registry's database: a town is there to be imported."""

from services.registry.conftest import beginning, registry_database, registry_template, units

__all__ = ["beginning", "registry_database", "registry_template", "units"]

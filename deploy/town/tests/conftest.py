"""registry's database: a town is there to be imported."""

from services.registry.conftest import registry_database, registry_template, units

__all__ = ["registry_database", "registry_template", "units"]

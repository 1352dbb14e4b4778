"""Making a deployment's databases: roles, grants, migrations, all repeatable, done before any service starts."""

from deploy.local import schema
from deploy.local.instance import Instance
from deploy.topology import topology
from shared.database import make_engine
from shared.database.migrate import migrate, run_script
from shared.database.roles import make_database, make_roles, reader_grants, role_names


async def prepare_databases(instance: Instance) -> None:
    """Bring every service's database to the newest schema, with the roles and reading rights of the topology."""
    services = topology().services
    roles = [role for service in services for role in role_names(service)]
    await make_roles(instance.server, {role: instance.secret(role) for role in roles})
    for service in services:  # one after another: alembic's `op` is one for the whole process
        await _prepare(instance, service)
    schema.keep(instance)


async def _prepare(instance: Instance, service: str) -> None:
    readers = topology().readers_of(service)
    await make_database(instance.server, service, readers)
    engine = make_engine(instance.login(service, role_names(service)[0]), pool_size=1)
    try:
        await migrate(engine, topology().services[service].migrations_folder)
        async with engine.begin() as connection:
            for reader in readers:
                await connection.run_sync(
                    run_script, reader_grants(reader, topology().read_by(reader, service))
                )
    finally:
        await engine.dispose()

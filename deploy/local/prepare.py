"""Making a deployment's databases: roles, grants, migrations, copies, all repeatable, before any service starts."""

from collections.abc import Callable

from sqlalchemy import text

from deploy.deployment import Deployment
from deploy.local import admin, schema
from deploy.topology import topology
from shared.database import make_engine
from shared.database.migrate import migrate, run_script
from shared.database.roles import READS_ALREADY, make_database, make_roles, reader_grants, role_names
from shared.dates import school_year
from shared.events.shapes import make_missing


async def prepare_databases(instance: Deployment, say: Callable[[str], None] = lambda _: None) -> None:
    """Bring every service's database to the newest schema, with the roles and reading rights of the topology.

    Its log has room for this school year's happenings and those of the two that follow: whoever deploys nothing for
    longer has other troubles.

    Copies whose tables another version of their code has made are built anew beside them and swapped; services that
    run meanwhile go on reading the old ones until then.
    """
    services = topology().services
    roles = [role for service in services for role in role_names(service)]
    await make_roles(instance.server, {role: instance.secret(role) for role in roles})
    for service in services:  # one after another: alembic's `op` is one for the whole process
        await _prepare(instance, service)
    for service in services:  # the logs they read are all at their newest now
        await _make_copies(instance, service, say)
    schema.keep(instance)


async def _make_copies(instance: Deployment, service: str, say: Callable[[str], None]) -> None:
    async with admin.owner_engine(instance, service) as owner:
        other = await make_missing(owner, admin.parts(service).copies)
    for copy in other:
        say(f"写し {service}/{copy.name} の形が変わったため、つくり直して入れかえます。")
        # From the logs themselves: a broker, its relay and the publishers need not be at work for it.
        await admin.rebuild_copy(
            instance, service, copy.name, swap=True, anyway=True, make_feed=instance.make_log_feed(service)
        )


async def _prepare(instance: Deployment, service: str) -> None:
    readers = topology().readers_of(service)
    await make_database(instance.server, service, readers)
    engine = make_engine(instance.login(service, role_names(service)[0]), pool_size=1)
    try:
        await migrate(engine, topology().services[service].migrations_folder)
        async with engine.begin() as connection:
            this = school_year(instance.clock.today())
            for year in range(this - 1, this + 3):
                await connection.execute(text("select log.keep_year(:year)"), {"year": year})
        async with engine.begin() as connection:
            for reader in readers:
                topics = sorted(topology().read_by(reader, service))
                asked = {"consumer": reader, "topics": topics, "reader": role_names(reader)[3]}
                if not (await connection.execute(text(READS_ALREADY), asked)).scalar_one():
                    await connection.run_sync(run_script, reader_grants(reader, topics))
    finally:
        await engine.dispose()

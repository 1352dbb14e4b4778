"""Which realm of Keycloak has been told, so that another one in its place is noticed; and who may ask for it again."""

from alembic import op

from shared.database.migrate import run_script

revision = "i0005"
down_revision = "i0004"

REALM = """
-- One row, of the realm that done speaks of in the job rows: Keycloak's own id of identity-admin's user in it, which is
-- made with the realm and stands in the client's tokens. (The realm's id is shown only to who may see all of it.)
create table keycloak_realm (
    one boolean primary key default true check (one),
    client uuid not null
);
grant select, insert, update on keycloak_realm to identity_feed;

-- `tsumugi account again` and a password for a user that is not there: what Keycloak was brought to is not believed.
grant update (done, tries, due_at, reason) on keycloak_user, keycloak_client to identity_app;
"""


def upgrade() -> None:
    run_script(op.get_bind(), REALM)


def downgrade() -> None:
    raise NotImplementedError("a released database goes forward only")

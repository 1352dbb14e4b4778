#!/bin/bash
# A file of backup.sh back into a stack whose PostgreSQL has nothing of ours yet (docs/operations.md says the order):
#   deploy/compose/restore.sh FILE
# The logins of the superuser and of Keycloak stay as this stack's secrets have them; those of the services are set by
# `migrate`. The first thing that fails ends it.
set -euo pipefail
file=$(realpath -e "${1:?usage: restore.sh FILE}")
cd "$(dirname "$0")/../.."

# Passwords are read inside the container and are in no command line, which everybody on the host may read.
# -T: what comes in is no terminal.
sql() {
  docker compose exec -T postgres sh -c \
    'set -e
    PGPASSWORD=$(cat /etc/tsumugi/secrets/postgres.secret)
    KEYCLOAK_PASSWORD=$(cat /etc/tsumugi/secrets/keycloak-database.secret)
    export PGPASSWORD KEYCLOAK_PASSWORD
    exec psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 \
      --username=postgres --output=/dev/'"$1 --dbname=$2"
}

# However it ends before its end, it says what is left of it.
left='nothing was done'
trap '[ -z "$left" ] || echo "restore.sh: $left" >&2' EXIT
trap 'exit 1' HUP INT TERM

if ! gzip -dc "$file" | tail -n 20 | grep '^-- PostgreSQL database cluster dump complete$' >/dev/null; then
  left="$file breaks off, or is no backup; nothing was done"
  exit 1
fi
there=$(sql stdout postgres <<<"select count(*) from pg_database where datname not in ('postgres', 'keycloak') and not datistemplate")
tables=$(sql stdout keycloak <<<"select count(*) from pg_tables where schemaname = 'public'")
if [ "$there $tables" != "0 0" ]; then
  left='PostgreSQL has data already, over which nothing is written; nothing was done'
  exit 1
fi
left='it ended halfway; empty the volume postgres-data before the next try'
# Made with the empty volume; the file has them too.
if ! sql null postgres <<<'drop database keycloak;'; then
  left='nothing was done; stop Keycloak and whoever else is connected to its database before the next try'
  exit 1
fi
sql null postgres <<<'drop role keycloak;'
# Until the first \connect there are roles alone, and no data that could look like one.
gzip -dc "$file" | sed -E '1,/^\\connect /{/^(CREATE|ALTER) ROLE postgres[ ;]/d}' | sql null postgres
sql null postgres <<'SQL'
\getenv password KEYCLOAK_PASSWORD
alter role keycloak password :'password';
SQL
left=
echo "restore.sh: $file is back"

#!/bin/bash
# A file of backup.sh back into a stack whose PostgreSQL has nothing of ours yet (docs/operations.md says the order):
#   deploy/compose/restore.sh FILE
# The logins of the superuser and of Keycloak stay as this stack's secrets have them; those of the services are set by
# `migrate`. The first thing that fails ends it.
set -euo pipefail
file=$(realpath -e "${1:?usage: restore.sh FILE}")
cd "$(dirname "$0")/../.."

# The password is read inside the container: it is in no command line here. -T: what comes in is no terminal.
sql() {
  docker compose exec -T postgres sh -c \
    'PGPASSWORD=$(cat /etc/tsumugi/secrets/postgres.secret) exec psql --no-psqlrc --quiet --tuples-only --no-align \
      --set=ON_ERROR_STOP=1 --set=password="$(cat /etc/tsumugi/secrets/keycloak-database.secret)" \
      --username=postgres --output=/dev/'"$1 --dbname=$2"
}

if ! gzip -dc "$file" | tail -n 20 | grep '^-- PostgreSQL database cluster dump complete$' >/dev/null; then
  echo "restore.sh: $file breaks off, or is no backup; nothing was done" >&2
  exit 1
fi
there=$(sql stdout postgres <<<"select count(*) from pg_database where datname not in ('postgres', 'keycloak') and not datistemplate")
tables=$(sql stdout keycloak <<<"select count(*) from pg_tables where schemaname = 'public'")
if [ "$there $tables" != "0 0" ]; then
  echo "restore.sh: PostgreSQL has data already, over which nothing is written; nothing was done" >&2
  exit 1
fi
trap 'echo "restore.sh: it ended halfway; empty the volume postgres-data before the next try" >&2' ERR
# Made with the empty volume; the file has them too.
sql null postgres <<<'drop database keycloak; drop role keycloak;'
# Until the first \connect there are roles alone, and no data that could look like one.
gzip -dc "$file" | sed -E '1,/^\\connect /{/^(CREATE|ALTER) ROLE postgres[ ;]/d}' | sql null postgres
sql null postgres <<<"alter role keycloak password :'password';"
echo "restore.sh: $file is back"

#!/bin/bash
# Every database of the stack under Compose, Keycloak's too, into one dated file of a folder:
#   deploy/compose/backup.sh FOLDER
# The file gets its name when all of it is there; whatever fails leaves older ones as they are, and ends with a status
# that cron mails. Names of children are in it: it is its owner's alone.
set -euo pipefail
umask 077
folder=$(cd "${1:?usage: backup.sh FOLDER}" && pwd)
cd "$(dirname "$0")/../.."
name=tsumugi-$(date -u +%Y%m%dT%H%M%SZ).sql.gz
draft=$folder/.$name.$$
trap 'rm -f "$draft"' EXIT
trap 'exit 1' HUP INT TERM
# The password is read inside the container: it is in no command line here. -T: cron has no terminal.
docker compose exec -T postgres sh -c \
  'PGPASSWORD=$(cat /etc/tsumugi/secrets/postgres.secret) exec pg_dumpall --username=postgres' | gzip >"$draft"
# What pg_dumpall writes last, whatever the status of those between says.
if ! gzip -dc "$draft" | tail -n 20 | grep '^-- PostgreSQL database cluster dump complete$' >/dev/null; then
  echo "backup.sh: the dump breaks off; nothing was kept of it" >&2
  exit 1
fi
sync "$draft"
mv "$draft" "$folder/$name"
echo "$folder/$name"

#!/bin/sh
# Keycloak's own database and login; those of the services are made by `tsumugi migrate`. Runs once, on an empty volume.
set -eu
psql --quiet --username=postgres --no-psqlrc -v ON_ERROR_STOP=1 -v password="$(cat /etc/tsumugi/secrets/keycloak-database.secret)" <<'SQL'
create role keycloak login nosuperuser nocreatedb nocreaterole password :'password';
create database keycloak owner keycloak encoding 'UTF8' template template0;
revoke connect, temporary on database keycloak from public;
SQL

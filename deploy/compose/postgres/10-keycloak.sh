#!/bin/sh
# Keycloak's own database and login; those of the services are made by `tsumugi migrate`. Runs once, on an empty volume.
set -eu
# In no command line, which everybody on the host may read, and not exported: the image reads this file as its own.
password=$(cat /etc/tsumugi/secrets/keycloak-database.secret)
KEYCLOAK_PASSWORD=$password psql --quiet --username=postgres --no-psqlrc -v ON_ERROR_STOP=1 <<'SQL'
\getenv password KEYCLOAK_PASSWORD
create role keycloak login nosuperuser nocreatedb nocreaterole password :'password';
create database keycloak owner keycloak encoding 'UTF8' template template0;
revoke connect, temporary on database keycloak from public;
SQL

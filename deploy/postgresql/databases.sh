#!/bin/sh
# Run by the image of PostgreSQL when its volume is empty: both databases, the roles, the application's password.
set -eu
run() { psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" "$@"; }
for database in warehouse dagster; do
  run --dbname postgres --command "CREATE DATABASE $database"
  run --dbname "$database" --file "$SQL_FOLDER/application.sql"
done
run --dbname warehouse --file "$SQL_FOLDER/analysts.sql"
# From standard input: an argument could be seen by others on the machine.
run --dbname postgres <<SQL
\set password \`cat "\$DATABASE_PASSWORD_FILE"\`
ALTER ROLE mining_assets PASSWORD :'password';
SQL

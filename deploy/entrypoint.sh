#!/bin/sh
# Takes the database's password from its secret file: libpq reads PGPASSWORD for both drivers, and no address holds it.
set -eu
if [ -n "${DATABASE_PASSWORD_FILE:-}" ]; then
  PGPASSWORD=$(cat "$DATABASE_PASSWORD_FILE")
  export PGPASSWORD
fi
exec "$@"

-- The role that the application works as: it owns its own tables and nothing else. Run it in each of the two databases
-- (warehouse, dagster) as a superuser or the database's owner; again at any time, it changes nothing the second time.
-- The password is set apart:  ALTER ROLE mining_assets PASSWORD '…';

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'mining_assets') THEN
    CREATE ROLE mining_assets LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
  END IF;
  -- Whoever is not named has no business here.
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO mining_assets', current_database());
END
$$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO mining_assets;

-- The role for analysts: reads every table of the warehouse, those to come too, and writes nothing. Run it in the
-- warehouse after application.sql, as a superuser; again at any time. It has no login: a person gets one of their own,
--   CREATE ROLE ada LOGIN PASSWORD '…' IN ROLE mining_assets_analysts;
--   ALTER ROLE ada SET default_transaction_read_only = on;
--   ALTER ROLE ada SET statement_timeout = '5min';

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'mining_assets_analysts') THEN
    CREATE ROLE mining_assets_analysts NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
  END IF;
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO mining_assets_analysts', current_database());
END
$$;

GRANT USAGE ON SCHEMA public TO mining_assets_analysts;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO mining_assets_analysts;
ALTER DEFAULT PRIVILEGES FOR ROLE mining_assets IN SCHEMA public GRANT SELECT ON TABLES TO mining_assets_analysts;

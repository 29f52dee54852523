"""What is done to days: fetched, stored, derived, verified. Knows neither Dagster nor the command line."""

"""The fact store (Parquet under Delta logs) and the engine that asks it (DuckDB)."""

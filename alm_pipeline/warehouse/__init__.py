"""The only door to DuckDB and Delta Lake: sessions, the lake, its registry, manifests."""

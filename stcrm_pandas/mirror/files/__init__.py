"""The Parquet files of a mirror: written with checksums, and checked before their content is used."""

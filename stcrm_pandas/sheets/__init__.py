"""CSV, XLSX and Parquet files of frames, written and read back."""

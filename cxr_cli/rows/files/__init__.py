"""Files of rows, read and written: JSONL, CSV and Parquet, packed or not."""

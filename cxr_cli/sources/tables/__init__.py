"""CSV tables of data sets: row by row, by record number, or a few columns in memory."""

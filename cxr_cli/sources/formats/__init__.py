"""How the files of data sets are read: CSV tables row by row, by record number or by column; folders of texts."""

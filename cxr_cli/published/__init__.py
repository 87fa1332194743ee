"""Other people's result files: read as rows, recounted, and what is wrong in them."""

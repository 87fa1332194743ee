"""The printer of all tables, and its formats."""

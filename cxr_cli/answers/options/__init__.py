"""The options of a question, and where a reply names them."""

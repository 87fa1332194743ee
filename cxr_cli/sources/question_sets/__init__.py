"""Sets of questions about films as they are downloaded: each module gives their rows as Cases."""

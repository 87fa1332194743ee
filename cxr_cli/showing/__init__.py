"""What a person looks at: pages of rows, to be marked too, and pictures of scores."""

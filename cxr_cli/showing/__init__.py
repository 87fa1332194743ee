"""What a person looks at: rows on a page, to mark them (`cxr view`), and pictures of scores."""

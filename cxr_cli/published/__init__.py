"""Result files that other people published: read as rows, recounted, and searched for defects."""

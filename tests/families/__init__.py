"""What holds for every family of vision-language models."""

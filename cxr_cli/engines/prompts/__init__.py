"""What models are asked: prompts, schemas of JSON replies, and the check of what comes back."""

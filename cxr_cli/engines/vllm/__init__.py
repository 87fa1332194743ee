"""vLLM in processes of its own, and their end when this process ends."""

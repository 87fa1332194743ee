"""The engine vLLM: its arguments, its requests, and the end of its processes."""

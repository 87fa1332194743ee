"""The engine vLLM: its arguments, its requests, and the watch that ends its processes."""

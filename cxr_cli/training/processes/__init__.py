"""The processes of a training on several GPUs."""

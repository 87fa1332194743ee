"""What `cxr rl` adds to TRL's GRPOTrainer."""

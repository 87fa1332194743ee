"""`cxr sft` and `cxr rl`: rows to trained models, by TRL's trainers."""

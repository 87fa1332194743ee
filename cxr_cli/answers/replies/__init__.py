"""The form of a reply: how a model is asked to reply, and a reply cut into its parts."""

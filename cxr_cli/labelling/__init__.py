"""Reports -> labels: what NegBio, the CheXpert labeler and CheXbert are used for, by the one reader of findings."""

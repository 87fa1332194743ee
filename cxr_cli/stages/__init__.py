"""One file a stage: it takes the options, reads rows and writes rows."""

"""What `cxr label` and `cxr score` accept as INPUT beside rows: reports without ids, plain texts."""

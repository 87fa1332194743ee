"""Tasks whose questions `cxr mine` asks only if `--task` names them."""

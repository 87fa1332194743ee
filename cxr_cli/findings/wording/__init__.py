"""How reports are worded: plain text with its way back, spelling and shorthand, words whose meaning hangs on others."""

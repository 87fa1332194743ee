"""`cxr view`: one page to look at rows and to mark their steps."""

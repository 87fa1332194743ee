"""The drawing of one phantom film: anatomy, findings, devices, and the style of a hospital."""

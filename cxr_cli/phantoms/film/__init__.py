"""The drawing of one phantom film: anatomy, findings, devices, and how a hospital's films look."""

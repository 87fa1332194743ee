"""The rewards for other trainers than TRL, one file each: examples/other-trainers.md shows how each one loads its file.

No file is named as the trainer's own package: some trainers put the folder of a plugin on the path of modules.
"""

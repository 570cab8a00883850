"""The script repository: official scripts and lookup tables as files below one folder."""

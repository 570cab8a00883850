"""Users, groups, the own account and drive space."""

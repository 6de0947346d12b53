"""How fast this package is beside MMAction2's stock components, in one process and at the same work."""

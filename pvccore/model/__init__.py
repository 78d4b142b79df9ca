"""Values of the cluster: standard library only, no I/O and no clock."""

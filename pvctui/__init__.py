"""The console: the cluster live on a terminal, and every action on it."""

"""The shared library of a Parallel Virtual Cluster: model, decisions, state and verbs."""

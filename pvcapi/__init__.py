"""The HTTP API: the cluster's verbs for other people's programs, its figures for Prometheus."""

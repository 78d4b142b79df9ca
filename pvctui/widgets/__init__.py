"""Widgets of the console: values in, lines out; none of them knows the cluster or another widget."""

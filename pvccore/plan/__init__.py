"""Decisions: pure functions from a cluster value and a clock reading to changes and effects."""

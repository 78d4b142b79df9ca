"""Benchmarks: the figures of docs/PERFORMANCE.md, measured and printed, never asserted."""

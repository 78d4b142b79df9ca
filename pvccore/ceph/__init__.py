"""Ceph as the cluster uses it: its commands, locks and blocklist, and what it reports."""

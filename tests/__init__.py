"""The tests: folders mirror the source, names are sentences."""

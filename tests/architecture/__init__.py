"""The shape of the house, checked by machine where import-linter and ruff can't."""

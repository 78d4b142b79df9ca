"""The command line: the same verbs for scripts, with tables, JSON and exit codes."""

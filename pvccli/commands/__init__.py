"""The verbs by noun; each module is imported by the command that needs it."""

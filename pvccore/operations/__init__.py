"""The verbs a person can ask for: load, check, plan, commit."""

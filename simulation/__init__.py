"""The simulated world: nodes, hypervisors, BMCs and a clock for the demo, what-if runs and tests."""

"""The simulated world: machines, hypervisors, BMCs and Ceph on a virtual clock, run by the real loops."""

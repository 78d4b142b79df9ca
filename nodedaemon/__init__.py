"""The daemon of one node: its agent runs the VMs placed there; one daemon, elected, is the manager."""

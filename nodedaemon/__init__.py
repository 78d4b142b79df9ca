"""The node daemon: runs the VMs placed on its node; one of them, elected, fences dead nodes and recovers their VMs."""

"""A real cluster on one machine: three hypervisors in namespaces, a ZooKeeper ensemble, BMCs and tiny guests."""

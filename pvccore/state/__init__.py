"""The memory of the cluster: documents in ZooKeeper (or in memory) and the live snapshot of them."""

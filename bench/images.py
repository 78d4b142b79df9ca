"""Makes many RBD images by Ceph's own library: `python3 bench/images.py CONF COUNT POOL…`, run by the system's Python.

A hundred a second; `rbd create` would take as long to start as to make ten of them.
"""

import sys
from concurrent.futures import ThreadPoolExecutor

import rados
import rbd

SIZE_BYTES = 20 << 30


def main(configuration: str, count: str, *pools: str) -> None:
    """Image N, from 1, is in pool N modulo how many pools there are, and called as `bench.populate` calls it."""
    cluster = rados.Rados(conffile=configuration)
    cluster.connect()
    for pool in set(pools) - set(cluster.list_pools()):
        cluster.create_pool(pool)

    def fill(place: int) -> None:
        with cluster.open_ioctx(pools[place]) as pool:
            pool.application_enable("rbd", force=True)
            for number in range(place, int(count), len(pools)):
                rbd.RBD().create(pool, f"vm-{number + 1:05}_disk0", SIZE_BYTES)

    with ThreadPoolExecutor(len(pools)) as threads:
        list(threads.map(fill, range(len(pools))))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The forecast in the live snapshot: seen once written, told in the difference, shared while it is not touched."""

from __future__ import annotations

from pvccore.model.change import Change, Kind, Write
from pvccore.model.cluster import Delta
from pvccore.model.forecast import Forecast
from pvccore.state.live import LiveCluster
from pvccore.state.store import Create
from tests.state.clusters import Lab

SHORT = Forecast(at=5.0, nodes=2, parked={"hv1": 2}, reasons={"hv1": "a: limit hv1"})


def put(lab: Lab, before: Forecast, after: Forecast) -> None:
    lab.session.commit(Change(writes=(Write(kind=Kind.FORECAST, key="", before=before, after=after),), quiet=True))


def test_what_the_manager_worked_out_is_seen(lab: Lab) -> None:
    assert not lab.live.cluster.forecast.is_known
    put(lab, lab.live.cluster.forecast, SHORT)
    cluster, delta = lab.live.refresh()
    assert delta == Delta(forecast=True)
    assert (cluster.forecast.parked, cluster.forecast.reasons) == (SHORT.parked, SHORT.reasons)
    assert cluster.forecast.is_known
    assert not cluster.forecast.holds


def test_a_newer_one_takes_its_place_and_a_cold_load_sees_it(lab: Lab) -> None:
    put(lab, lab.live.cluster.forecast, SHORT)
    put(lab, lab.live.refresh()[0].forecast, Forecast(at=6.0, nodes=3))
    live = LiveCluster(lab.store, lab.schema, clock=lab.clock)
    live.start()
    assert live.refresh()[0].forecast == lab.live.refresh()[0].forecast
    assert live.cluster.forecast.holds


def test_one_that_can_not_be_read_is_not_known_and_not_called_good(lab: Lab) -> None:
    lab.store.commit([Create(f"{lab.schema.chroot}/forecast", b"?")])
    cluster, _ = lab.live.refresh()
    assert not cluster.forecast.is_known
    assert list(cluster.problems) == ["forecast"]

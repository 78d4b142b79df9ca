from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pvccore.model.bmc import BmcTest
from pvccore.model.change import Kind
from pvccore.model.forecast import Forecast
from pvccore.model.vm import VmState
from tests.architecture import source
from tests.operations.world import World
from tests.pvcapi.stand import Api, Stand
from tests.pvcapi.storing import GB, with_storage

PACKAGING = source.ROOT / "packaging"
LINE = re.compile(r"pvc_[a-z0-9_]+(?:\{[a-z_]+=\"[^\"]*\"(?:,[a-z_]+=\"[^\"]*\")*\})? -?[0-9.e+-]+")


def samples(api: Api) -> dict[str, float]:
    answer = api.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    assert all(LINE.fullmatch(line) for line in lines), lines
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def names(api: Api) -> set[str]:
    return {name.partition("{")[0] for name in samples(api)}


def test_the_clusters_figures_are_told(api: Api, world: World) -> None:
    with_storage(world)
    world.add_vm("web1", "hv1")
    world.add_vm("web2", "hv1", VmState.STOPPED)
    world.add_vm("big", "hv2")
    world.kill("hv3")
    found = samples(api)
    assert (found["pvc_up"], found["pvc_snapshot_age_seconds"]) == (1, 0.25)
    assert found['pvc_vms{status="running"}'] == 2
    assert found['pvc_vms{status="parked"}'] == 0
    assert (found['pvc_node_alive{node="hv1"}'], found['pvc_node_alive{node="hv3"}']) == (1, 0)
    assert found['pvc_node_silent{node="hv3"}'] == 1
    assert found['pvc_node_vms{node="hv1"}'] == 2
    assert found['pvc_node_vms_memory_bytes{node="hv1"}'] == 1024**3
    assert found['pvc_node_memory_bytes{node="hv1"}'] == 8 * 1024**3
    assert found['pvc_node_readiness{node="hv1",readiness="ready"}'] == 1
    assert found['pvc_fence_phase{node="hv1",phase="none"}'] == 1
    assert (found["pvc_maintenance"], found["pvc_manager_present"]) == (0, 0)
    assert (found["pvc_storage_bytes"], found['pvc_storage_health{health="warning"}']) == (10**15 + 1, 1)
    assert (found['pvc_osd_up{osd="1"}'], found['pvc_pool_available_bytes{pool="vms"}']) == (0, 500 * GB)


def test_a_cluster_that_can_not_be_reached_is_a_figure_too(stand: Stand, api: Api) -> None:
    stand.source.away = "gone"
    assert samples(api) == {"pvc_up": 0, "pvc_snapshot_age_seconds": 0.25}


def test_the_managers_forecast_is_told(api: Api, world: World) -> None:
    assert not [name for name in names(api) if "forecast" in name or "n_minus_1" in name]
    world.write(Kind.FORECAST, "", None, Forecast(at=990.0, nodes=3, parked={"hv1": 2}))
    found = samples(api)
    assert (found["pvc_n_minus_1"], found['pvc_forecast_parked_vms{node="hv1"}']) == (0, 2)
    assert found['pvc_forecast_parked_vms{node="hv2"}'] == 0
    assert found["pvc_forecast_age_seconds"] > 0


def test_the_tests_of_bmcs_are_told(api: Api, world: World) -> None:
    assert not [name for name in samples(api) if "bmc" in name and "hv1" in name]
    world.write(Kind.BMC, "hv1", None, BmcTest(at=990.0, error="ipmi: no answer"))
    world.write(Kind.BMC, "hv2", None, BmcTest(at=990.0))
    found = samples(api)
    assert (found['pvc_node_bmc_ok{node="hv1"}'], found['pvc_node_bmc_ok{node="hv2"}']) == (0, 1)
    assert found['pvc_node_bmc_test_age_seconds{node="hv1"}'] > 0


@pytest.mark.parametrize("file", ["pvc-alerts.yml", "pvc-dashboard.json"])
def test_alerts_and_dashboard_name_figures_that_there_are(api: Api, world: World, file: str) -> None:
    with_storage(world)
    world.write(Kind.FORECAST, "", None, Forecast(at=990.0, nodes=3))
    world.write(Kind.BMC, "hv1", None, BmcTest(at=990.0))
    text = (PACKAGING / "monitoring" / file).read_text()
    used = set(re.findall(r"\bpvc_[a-z0-9_]+", text)) - {"pvc_data"}
    assert len(used) >= 8
    assert used <= names(api)


def test_the_dashboard_is_one(tmp_path: Path) -> None:
    dashboard = json.loads((PACKAGING / "monitoring/pvc-dashboard.json").read_text())
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert all(target["expr"] for panel in panels for target in panel.get("targets", ()))
    assert not re.search(r"https?://", json.dumps(dashboard))


def test_names_units_and_types_follow_the_conventions(api: Api, world: World) -> None:
    with_storage(world)
    world.write(Kind.FORECAST, "", None, Forecast(at=990.0, nodes=3))
    world.write(Kind.BMC, "hv1", None, BmcTest(at=990.0))
    described = re.findall(r"# HELP (\S+) (.+)\n# TYPE (\S+) (\S+)\n(\S+?)[{ ]", api.get("/metrics").text)
    assert {name for name, *_ in described} == names(api)
    for name, words, typed, kind, first in described:
        assert name == typed == first
        assert words.endswith(".")
        assert kind == ("counter" if name.endswith("_total") else "gauge")
        assert not re.search(r"_(mb|ms|kb|percent|count)$", name), "seconds, bytes and shares of 1"


def test_every_duty_has_its_figures(api: Api, world: World) -> None:
    with_storage(world)
    world.write(Kind.FORECAST, "", None, Forecast(at=990.0, nodes=3))
    world.setup.acquire_lease("hv2")
    found = samples(api)
    assert (found['pvc_node_manager{node="hv2"}'], found['pvc_node_manager{node="hv1"}']) == (1, 0)
    assert found['pvc_node_fences_total{node="hv1"}'] == 0
    wanted = {"pvc_n_minus_1", "pvc_manager_present", "pvc_maintenance", "pvc_fences_unfinished", "pvc_storage_health"}
    assert wanted <= names(api)


def test_the_type_of_the_figures_is_said_once(api: Api) -> None:
    assert api.get("/metrics").headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"

from pathlib import Path

import pytest

from pvctui.__main__ import main, parser


def test_no_cluster_configured_is_said_and_the_demo_offered(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("PVC_ZOOKEEPER", raising=False)
    monkeypatch.setattr("pvccore.operations.config.CONFIG_FILES", (tmp_path / "config.toml",))
    assert main([]) == 2
    error = capsys.readouterr().err
    assert "none is configured" in error
    assert "pvc-tui --demo" in error


def test_an_unknown_cluster_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("pvccore.operations.config.CONFIG_FILES", (tmp_path / "config.toml",))
    assert main(["-c", "moon"]) == 1
    assert "no cluster 'moon'" in capsys.readouterr().err


def test_a_config_file_with_a_slip_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[clusters.main]\nzookeper = ["h1"]\n')
    assert main(["--config", str(config)]) == 1
    assert str(config) in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--size", "wide"], ["--size", "1x1"], ["--nodes", "0"], ["--nodes", "many"]])
def test_a_bad_option_is_refused_at_once(words: list[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        parser().parse_args(words)
    assert refused.value.code == 2


def test_without_a_terminal_the_demo_prints_one_frame(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    assert main(["--demo", "--nodes", "3", "--vms", "5", "--after", "0", "--size", "100x30"]) == 0
    frame = capsys.readouterr().out
    assert "● live" in frame
    assert "nodes 3/3" in frame
    assert len(frame.splitlines()) == 30


def test_a_screenshot_is_drawn_after_its_keys(tmp_path: Path) -> None:
    picture = tmp_path / "form.svg"
    words = [
        "--demo",
        "--nodes",
        "3",
        "--vms",
        "5",
        "--after",
        "0",
        "--screenshot",
        str(picture),
        "--press",
        "3,down,e",
    ]
    assert main(words) == 0
    drawn = picture.read_text(encoding="utf-8")
    assert drawn.startswith("<svg")
    assert "metadata" in drawn

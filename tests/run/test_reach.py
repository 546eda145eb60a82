"""A record from elsewhere: no name in it becomes a way out of the output folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from runs import Delivery, leftovers

from hyogo_pc.main import main
from pointcloud.run.record import FOLDER


@pytest.mark.parametrize("code", ["../../victim", "/tmp/victim", "..", "a/b", "C:\\victim", "..\\..\\victim"])
@pytest.mark.parametrize("redo", [(), ("--redo",)])
def test_a_code_is_no_path(
    code: str, redo: tuple[str, ...], delivery: Delivery, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "offices" / "out"
    command = ["grid", *map(str, delivery.arguments(out))]
    assert main(command) == 0
    victims = [tmp_path / "victim.json", tmp_path / "offices" / "victim.json"]
    for victim in victims:
        victim.write_text("mine", encoding="utf-8")
    path = next((out / FOLDER).glob("*.json"))
    values = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(values | {"code": code}), encoding="utf-8")
    capsys.readouterr()
    assert main([*command, "--max-gap", "30", *redo]) == 1
    assert path.name in capsys.readouterr().err
    assert [victim.read_text(encoding="utf-8") for victim in victims] == ["mine", "mine"]
    assert leftovers(out) == []


@pytest.mark.parametrize("part", ["folder", "name"])
def test_a_file_of_a_record_lies_in_the_folder(part: str, delivery: Delivery, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ["grid", *map(str, delivery.arguments(out))]
    assert main(command) == 0
    victim = tmp_path / "victim.tif"
    victim.write_bytes(b"mine")
    path = next((out / FOLDER).glob("*.json"))
    values = json.loads(path.read_text(encoding="utf-8"))
    raster = values["rasters"].pop("DEM_1g")
    if part == "folder":
        values["rasters"]["../DEM_1g"] = raster
    else:
        values["rasters"]["DEM_1g"] = raster | {"name": "../victim.tif"}
    path.write_text(json.dumps(values), encoding="utf-8")
    assert main(["verify", str(out)]) == 1
    assert main([*command, "--max-gap", "30", "--redo"]) == 1
    assert victim.read_bytes() == b"mine"

"""Settings: defaults, a firm's own over them, and sentences for what cannot be."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from clientlib import config
from clientlib.errors import SettingsError


def _written(folder: Path, text: str) -> Path:
    (folder / "workbook.toml").write_text(text, "utf-8")
    return folder


def test_a_firms_setting_replaces_one_default_and_leaves_its_neighbours(tmp_path: Path) -> None:
    settings = config.load(_written(tmp_path, "[risk.limits.C1]\nvar = 0.02\n"))
    assert settings.risk.limits["C1"].var == 0.02
    assert settings.risk.limits["C1"].largest_weight == config.load().risk.limits["C1"].largest_weight


def test_the_published_score_bands_and_matches_are_the_default() -> None:
    suitability = config.load().suitability
    assert suitability.score_bands == {"C1": 0, "C2": 20, "C3": 37, "C4": 54, "C5": 83}
    assert suitability.match["C3"] == ("R1", "R2", "R3")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[risk]\nwindw = 3\n", "Did you mean window?"),
        ("[risk]\nwindow = 1\n", "[risk] window"),
        ("[risk]\nlevel = 'high'\n", "[risk] level"),
        ("[risk\n", "not valid TOML"),
        ("[roles.boss]\nareas = 'all'\n", "[roles.boss] sensitivity"),
        (
            "[people.wang]\nroles = ['adviser']\n",
            '[people.wang] roles: there is no role "adviser". Did you mean advisor?',
        ),
        ("[people.wang]\nroles = ['cook']\n", "The roles are: data_entry, advisor"),
        ("[people.wang]\nroles = 'advisor'\n", "a list is expected"),
        ("[firm]\ntime_zone = 'Mars/Base'\n", 'there is no time zone "Mars/Base"'),
        ("[firm]\ntime_zone = '../../etc/passwd'\n", "there is no time zone"),
        ("[audit]\nkeep_years = inf\n", "[audit] keep_years"),
        ("[erasure.keep_years]\nclients = 100000\n", "[erasure.keep_years] clients"),
        ("[book]\nwait_seconds = inf\n", "[book] wait_seconds"),
        ("[firm]\ntime_zone = 'Asia'\n", "there is no time zone"),
        ('[audit]\nanchor = "a\\u0000b"\n', "the name of a file or a folder is expected"),
        ("[audit]\nanchor = ''\n", "the name of a file or a folder is expected"),
        ('[backup]\nfolder = "a\\u0000b"\n', "the name of a file or a folder is expected"),
        ("[risk.plan]\nbuy_classes = ['bonds']\n", '"bonds" is no asset class; there are stock, bond'),
        ("[risk.liquidity]\ndays_to_sell = { bonds = 3 }\n", '"bonds" is no asset class'),
    ],
)
def test_a_wrong_setting_is_answered_with_its_place_and_mend(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(SettingsError, match=r"workbook\.toml") as caught:
        config.load(_written(tmp_path, text))
    assert told in str(caught.value)


def test_settings_that_are_not_utf8_are_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "workbook.toml").write_bytes("[firm]\nname = '示范'\n".encode("gb18030"))
    with pytest.raises(SettingsError, match="UTF-8"):
        config.load(tmp_path)


def test_the_commented_defaults_become_the_defaults_again_when_uncommented() -> None:
    lines = config.default_text().splitlines()
    settings = "\n".join(
        line.removeprefix("# ") for line in lines if line.startswith(("# [", "# ")) and _is_toml(line)
    )
    assert tomllib.loads(settings)["risk"]["window"] == config.load().risk.window


def _is_toml(line: str) -> bool:
    body = line.removeprefix("# ")
    return body.startswith("[") or " = " in body.split("#")[0]

"""Whatever accent color is chosen, its shades can be read in both themes."""

import re
from dataclasses import asdict

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portal.branding import colors, stylesheet
from portal.branding.colors import DARK, LIGHT, contrast, derive
from tests.project_files import ROOT

TOKENS = (ROOT / "portal/site/static/portal/css/tokens.css").read_text()
any_color = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


@given(any_color)
@example("#000000")
@example("#ffffff")
@example("#767676")
@example("#ffff00")
@example("#0000ff")
def test_every_derived_pair_has_enough_contrast(color: str) -> None:
    palette = derive(color)
    for shades, backgrounds, ink in (
        (palette.light, LIGHT, token("ink")[0]),
        (palette.dark, DARK, token("ink")[1]),
    ):
        for background in (*backgrounds, shades.soft):
            assert contrast(shades.text, background) >= 4.5
            assert contrast(shades.strong, background) >= 4.5
            assert contrast(ink, background) >= 4.5
        assert contrast(shades.on_fill, shades.fill) >= 4.5
        assert contrast(shades.on_fill, shades.fill_hover) >= 4.5
        for background in backgrounds:
            assert contrast(shades.fill, background) >= 3


def token(name: str) -> tuple[str, str]:
    found = re.search(rf"--{name}: light-dark\((#\w{{6}}), (#\w{{6}})\)", TOKENS)
    assert found is not None, name
    return found[1], found[2]


def test_the_backgrounds_are_those_of_the_style_sheet() -> None:
    pairs = [token(name) for name in ("paper", "surface", "sunken", "hover")]
    assert tuple(light for light, _ in pairs) == LIGHT
    assert tuple(dark for _, dark in pairs) == DARK


def test_a_color_that_can_be_read_is_not_changed() -> None:
    assert derive("#1d4ed8").light.text == derive("#1d4ed8").light.fill == "#1d4ed8"
    assert derive("#8ab4f8").dark.text == "#8ab4f8"


def test_buttons_keep_a_bright_color_that_links_can_not() -> None:
    shades = derive("#c96f00").light
    assert shades.fill == "#c96f00" and shades.on_fill == colors.BLACK and shades.text != "#c96f00"


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21),
        ("#ffffff", "#ffffff", 1),
        ("#777777", "#ffffff", 4.48),
        ("#767676", "#ffffff", 4.54),
    ],
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == contrast(other, one) == pytest.approx(ratio, abs=0.01)


def test_operators_are_told_the_ratio_and_the_shade_in_use() -> None:
    said = colors.describe_adjustments("#ffd400")
    assert f"the light theme (1.3:1) uses {derive('#ffd400').light.text}" in said
    assert "dark theme" not in said


def test_the_style_sheet_sets_every_shade_that_the_tokens_use() -> None:
    text = stylesheet.render("#6d3fc0")
    used = set(re.findall(r"var\(--brand-([a-z-]+)", TOKENS))
    assert used == set(re.findall(r"--brand-([a-z-]+):", text))
    assert used == {name.replace("_", "-") for name in asdict(derive("#6d3fc0").light)}


def test_another_color_has_another_address() -> None:
    assert stylesheet.digest("#6d3fc0") != stylesheet.digest("#6d3fc1")

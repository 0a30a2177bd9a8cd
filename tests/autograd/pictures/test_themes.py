"""Colours: the steps of gradients, and that all can be told from what they stand on."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from autograd import Tensor
from autograd.pictures.themes import THEMES, Scale, Theme, colour_of

from .reading import leaf


def luminance(colour: str) -> float:
    """As the Web Content Accessibility Guidelines define it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


def contrast(a: str, b: str) -> float:
    low, high = sorted([luminance(a), luminance(b)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))
def test_text_can_be_read(theme: Theme) -> None:
    assert all(contrast(look.text, look.fill) >= 4.5 for look in theme.looks.values())
    for fill in (theme.page, theme.backward, *theme.fills):
        assert contrast(theme.text, fill) >= 4.5
    for look in theme.looks.values():
        assert look.loud or contrast(theme.scale[3], look.fill) >= 3
        assert look.loud or contrast(theme.wrong, look.fill) >= 3


@pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))
def test_colours_of_gradients_go_one_way_and_stand_out_more_and_more(theme: Theme) -> None:
    contrasts = [contrast(colour, theme.page) for colour in theme.scale]
    assert all(a < b for a, b in pairwise(contrasts))
    assert contrasts[0] > 1.5


def test_steps_are_equal_on_a_logarithmic_scale() -> None:
    scale = Scale([1e-3, 1e2, 0.0, math.nan])
    assert [scale.step(norm) for norm in (1e-3, 2e-2, 0.2, 2.0, 20.0, 1e2)] == [0, 1, 2, 3, 4, 4]
    assert scale.step(0.0) == scale.step(1e-7) == Scale.ZERO
    assert scale.step(math.nan) == scale.step(math.inf) == Scale.WRONG
    assert [Scale([norm]).step(norm) for norm in (3.0, 0.0, math.nan)] == [4, -1, -2]
    assert Scale([1.0, 1e-9]).step(1e-9) == Scale.ZERO


def test_arrows_have_the_colours_of_their_gradients_and_the_legend_says_so() -> None:
    x = leaf("x", 4)
    graph = (x * 1e-3 * 10.0).sum().graph(gradients=True)
    light = THEMES["light"]
    assert f'color="{light.scale[0]}"' in graph.dot
    assert f'color="{light.scale[4]}"' in graph.dot
    assert "gradient norm 0.02" in graph.dot
    assert "vanished" not in graph.dot
    assert "NaN" not in graph.dot


def test_zero_vanished_and_infinite_gradients_have_colours_of_their_own() -> None:
    x, y, z = leaf("x"), leaf("y"), Tensor(0.0, True)
    graph = (x * 0.0 + y * 1e-12 + np.sqrt(z) + leaf("u")).graph(gradients=True)
    light = THEMES["light"]
    assert graph.dot.count(f'color="{light.zero}"') == 3  # x, y and the legend
    assert "zero or vanished" in graph.dot
    assert "NaN or Inf" in graph.dot
    assert colour_of(Scale.WRONG, light) == light.wrong


def test_dark_theme_has_a_dark_page() -> None:
    graph = leaf("x").graph(theme="dark")
    assert f'bgcolor="{THEMES["dark"].page}"' in graph.dot
    assert f"fill:{THEMES['dark'].looks['leaf'].fill}" in graph.mermaid


def test_unknown_theme_is_refused() -> None:
    with pytest.raises(ValueError, match=r"theme \(='sepia'\) must be one of light, dark"):
        leaf("x").graph(theme="sepia")

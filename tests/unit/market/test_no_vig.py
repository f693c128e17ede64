"""Taking the margin out: golden vectors, and the laws every method keeps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_mlb.market import no_vig as nv
from dagster_mlb.market.odds import implied_from_american

# betting_domain §2.3: S, hold, multiplicative, additive = Shin, z, power, k, odds ratio, probit, goto.
GOLDEN = [
    (-110, -110, 1.047619, 0.04545, 0.5, 0.5, 0.047619, 0.5, 1.071943, 0.5, 0.5, 0.5),
    (-150, 130, 1.034783, 0.03361, 0.579832, 0.582609, 0.034815, 0.583983, 1.052970, 0.582712, 0.582690, 0.584108),
    (-200, 170, 1.037037, 0.03571, 0.642857, 0.648148, 0.037164, 0.650822, 1.059323, 0.648371, 0.648324, 0.651068),
    (-300, 250, 1.035714, 0.03448, 0.724138, 0.732143, 0.036053, 0.736310, 1.064034, 0.732521, 0.732443, 0.736725),
    (120, -140, 1.037879, 0.03650, 0.437956, 0.435606, 0.037902, 0.434435, 1.057392, 0.435512, 0.435532, 0.434333),
    (105, 105, 0.975610, -0.02500, 0.5, 0.5, -0.024390, 0.5, 0.965601, 0.5, 0.5, 0.5),
]
probability = st.floats(0.005, 0.995)


@pytest.mark.parametrize("row", GOLDEN, ids=lambda row: f"{row[0]:+d}/{row[1]:+d}")
def test_the_golden_vectors_hold_to_the_sixth_digit(row: tuple[float, ...]) -> None:
    home, away, total, hold, multiplicative, additive, z, power, k, odds_ratio, probit, goto = row
    q1, q2 = implied_from_american([home]), implied_from_american([away])
    assert nv.booksum(q1, q2)[0] == pytest.approx(total, abs=1e-6)
    assert nv.hold(q1, q2)[0] == pytest.approx(hold, abs=1e-5)
    assert nv.shin_z(q1, q2)[0] == pytest.approx(z, abs=1e-6)
    assert nv.power_exponent(q1, q2)[0] == pytest.approx(k, abs=1e-6)
    expected: dict[nv.Method, float] = {
        "multiplicative": multiplicative,
        "additive": additive,
        "shin": additive,
        "power": power,
        "odds_ratio": odds_ratio,
        "probit": probit,
        "goto": goto,
    }
    for method, fair in expected.items():
        assert nv.no_vig(q1, q2, method)[0] == pytest.approx(fair, abs=1e-6), method
        assert nv.no_vig_from_american([home], [away], method)[0] == pytest.approx(fair, abs=1e-6), method


def test_shin_for_two_sides_solves_shins_own_equation() -> None:
    q = np.array([0.6, 1 / 2.3])
    total, z = q.sum(), nv.shin_z([q[0]], [q[1]])[0]
    fair = (np.sqrt(z**2 + 4 * (1 - z) * q**2 / total) - z) / (2 * (1 - z))
    assert fair.sum() == pytest.approx(1, abs=1e-12)
    assert nv.no_vig(q[:1], q[1:], "shin")[0] == pytest.approx(fair[0], abs=1e-12)


@pytest.mark.parametrize("method", nv.METHODS)
@given(q1=probability, q2=probability)
def test_both_sides_sum_to_one_whichever_is_named_first(method: nv.Method, q1: float, q2: float) -> None:
    home, away = nv.no_vig([q1], [q2], method)[0], nv.no_vig([q2], [q1], method)[0]
    assert home + away == pytest.approx(1, abs=1e-9)
    assert 0 < home < 1


@pytest.mark.parametrize("method", nv.METHODS)
@given(p=probability)
def test_a_market_without_margin_is_left_as_it_is(method: nv.Method, p: float) -> None:
    assert nv.no_vig([p], [1 - p], method)[0] == pytest.approx(p, abs=1e-9)


@given(q1=st.floats(0.02, 0.98), q2=st.floats(0.02, 0.98))
def test_powers_exponent_makes_the_sides_sum_to_one(q1: float, q2: float) -> None:
    k = nv.power_exponent([q1], [q2])[0]
    assert q1**k + q2**k == pytest.approx(1, abs=1e-9)
    assert nv.no_vig([q1], [q2], "power")[0] == pytest.approx(q1**k, abs=1e-9)


@given(p=st.floats(0.2, 0.8), c=st.floats(1.0, 1.3))
def test_the_odds_ratio_is_undone_exactly(p: float, c: float) -> None:
    """A book that multiplies both sides' odds by c is seen through."""

    def priced(true: float) -> float:
        odds = true / (1 - true) * c
        return odds / (1 + odds)

    assert nv.no_vig([priced(p)], [priced(1 - p)])[0] == pytest.approx(p, abs=1e-10)


@pytest.mark.parametrize("method", nv.METHODS)
def test_a_one_sided_or_impossible_market_is_missing_and_its_neighbours_stay(method: nv.Method) -> None:
    q1 = [0.6, np.nan, 0.6, 0.0, 1.0, -0.1, 0.6, 0.5]
    q2 = [0.45, 0.45, np.nan, 0.5, 0.5, 0.5, 1.2, 0.52]
    fair = nv.no_vig(q1, q2, method)
    assert np.isnan(fair[1:7]).all()
    assert fair[[0, 7]].tolist() == nv.no_vig([0.6, 0.5], [0.45, 0.52], method).tolist()
    assert np.isnan(nv.power_exponent(q1, q2)[1:7]).all()
    assert np.isnan(nv.shin_z(q1, q2)[1:7]).all()


@pytest.mark.parametrize("method", nv.METHODS)
def test_blocks_do_not_show(method: nv.Method) -> None:
    rng = np.random.default_rng(3)
    n = 2 * nv.BLOCK + 17
    q1, q2 = rng.uniform(0.2, 0.8, n), rng.uniform(0.2, 0.8, n)
    whole = nv.no_vig(q1, q2, method)
    assert np.array_equal(whole[nv.BLOCK - 3 : nv.BLOCK + 3], nv.no_vig(q1, q2, method)[nv.BLOCK - 3 : nv.BLOCK + 3])
    one_by_one = [nv.no_vig(q1[i], q2[i], method)[()] for i in (0, nv.BLOCK - 1, nv.BLOCK, n - 1)]
    np.testing.assert_allclose(whole[[0, nv.BLOCK - 1, nv.BLOCK, n - 1]], one_by_one, rtol=0, atol=1e-12)


def test_shapes_broadcast_and_nothing_may_be_empty_handed() -> None:
    assert nv.no_vig(np.full((2, 3), 0.5), 0.55).shape == (2, 3)
    assert nv.no_vig([], []).shape == (0,)


def test_an_unknown_method_is_told_the_known_ones() -> None:
    with pytest.raises(ValueError, match="odds_ratio"):
        nv.no_vig([0.5], [0.5], "magic")  # type: ignore[arg-type]

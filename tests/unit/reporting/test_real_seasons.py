"""The real archive, read plainly, reproduces the reference figures: the maths is right whatever the warehouse does."""

from __future__ import annotations

import polars as pl
import pytest
from sbr_sheets import LONG_AFTER, market_and_outcomes, read_season

from dagster_mlb.reporting.season_report import season_scores
from dagster_mlb.strategies.backtest import both_sides_table

pytestmark = pytest.mark.real_data

#: season: n, log-loss open, log-loss close, Brier, accuracy, booksum, home wins (betting_domain, Appendix B)
REFERENCE = {
    2010: (2459, 0.6767, 0.6755, 0.2413, 0.5815, 1.0377, 0.5571),
    2011: (2466, 0.6798, 0.6772, 0.2421, 0.5787, 1.0384, 0.5268),
    2012: (2467, 0.6793, 0.6771, 0.2421, 0.5740, 1.0384, 0.5322),
    2013: (2467, 0.6764, 0.6757, 0.2413, 0.5711, 1.0381, 0.5387),
    2014: (2458, 0.6813, 0.6773, 0.2423, 0.5663, 1.0253, 0.5309),
    2015: (2462, 0.6803, 0.6764, 0.2418, 0.5747, 1.0255, 0.5410),
    2016: (2457, 0.6780, 0.6733, 0.2402, 0.5881, 1.0262, 0.5299),
    2017: (2467, 0.6759, 0.6734, 0.2403, 0.5756, 1.0261, 0.5420),
    2018: (2462, 0.6698, 0.6712, 0.2392, 0.5837, 1.0266, 0.5272),
    2019: (2456, 0.6650, 0.6633, 0.2355, 0.6018, 1.0207, 0.5281),
}


@pytest.fixture(scope="module")
def seasons(real_data_dir) -> pl.DataFrame:
    return pl.concat([read_season(real_data_dir, season) for season in REFERENCE])


def test_every_season_scores_what_the_reference_says(seasons):
    found = {row["season"]: row for row in season_scores(seasons).iter_rows(named=True)}
    for season, (n, ll_open, ll_close, brier, accuracy, booksum, home_wins) in REFERENCE.items():
        row = found[season]
        assert abs(row["n"] - n) <= 5, season
        assert row["log_loss_open"] == pytest.approx(ll_open, abs=5e-4), season
        assert row["log_loss_close"] == pytest.approx(ll_close, abs=5e-4), season
        assert row["brier_close"] == pytest.approx(brier, abs=3e-4), season
        assert row["accuracy_close"] == pytest.approx(accuracy, abs=1e-3), season
        assert row["booksum_close"] == pytest.approx(booksum, abs=2e-4), season
        assert row["home_win_rate"] == pytest.approx(home_wins, abs=1e-3), season


def test_both_sides_at_the_open_return_their_closing_value_one_for_one(seasons):
    moneylines, outcomes = market_and_outcomes(seasons)
    pooled = both_sides_table(moneylines, outcomes, LONG_AFTER).row(-1, named=True)
    assert pooled["n"] > 49_000
    assert abs(pooled["roi"] - pooled["ev_clv"]) < 0.003
    assert pooled["ev_clv"] == pytest.approx(-0.037, abs=0.002)
    assert abs(pooled["clv_slope"] - 1) < 2 * pooled["clv_slope_se"]

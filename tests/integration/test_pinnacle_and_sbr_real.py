"""Real seasons through the whole warehouse: what was published of them must come out again.

The short tests load two seasons of SBR's archive; the proofs (`make prove`) load everything once. Figures and filters:
the reference tables of the published archive and the README beside the files.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from world import Server, fresh_database

from dagster_mlb.pipeline import load_archives
from dagster_mlb.reporting.season_report import read_season_table
from dagster_mlb.settings import Settings
from dagster_mlb.strategies.backtest import both_sides_at_open
from dagster_mlb.warehouse.frames import read_frame

pytestmark = [pytest.mark.real_data, pytest.mark.timeout(600)]

LONG_AFTER = datetime(2026, 1, 5, tzinfo=UTC)

#: season: n, log-loss at the open, log-loss at the close, home wins
REFERENCE = {
    2010: (2459, 0.6767, 0.6755, 0.5571),
    2011: (2466, 0.6798, 0.6772, 0.5268),
    2012: (2467, 0.6793, 0.6771, 0.5322),
    2013: (2467, 0.6764, 0.6757, 0.5387),
    2014: (2458, 0.6813, 0.6773, 0.5309),
    2015: (2462, 0.6803, 0.6764, 0.5410),
    2016: (2457, 0.6780, 0.6733, 0.5299),
    2017: (2467, 0.6759, 0.6734, 0.5420),
    2018: (2462, 0.6698, 0.6712, 0.5272),
    2019: (2456, 0.6650, 0.6633, 0.5281),
}


def loaded(server: Server, real_data_dir: Path, folder: Path, patterns: list[str]) -> Iterator[Settings]:
    """A database that holds the files of ``patterns``, from a folder of links to them."""
    archives = folder / "archives"
    archives.mkdir()
    found = [path for pattern in patterns for path in sorted(real_data_dir.glob(pattern))]
    if not found:
        pytest.skip(f"{real_data_dir} holds none of {patterns}")
    for path in found:
        (archives / path.name).symlink_to(path)
    with fresh_database(server, folder, LONG_AFTER) as settings:
        outcome = load_archives(settings, archives)
        assert not outcome.refused
        yield settings


@pytest.fixture(scope="module")
def two_seasons(
    server_url: str, postgres_server: str, real_data_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """SBR 2018 and 2020 with Retrosheet."""
    patterns = ["sbr/mlb-odds-2018.xlsx", "sbr/mlb-odds-2020.xlsx", "results/gl2018*", "results/gl2020*"]
    patterns.append("results/retrosheet_gameinfo*")
    yield from loaded(Server(server_url, postgres_server), real_data_dir, tmp_path_factory.mktemp("two"), patterns)


@pytest.fixture(scope="module")
def everything(
    server_url: str, postgres_server: str, real_data_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Eleven seasons of SBR, Retrosheet, and the three tick archives."""
    patterns = ["sbr/*.xlsx", "results/gl*", "results/retrosheet_gameinfo*", "ticks/*"]
    yield from loaded(Server(server_url, postgres_server), real_data_dir, tmp_path_factory.mktemp("all"), patterns)


def assert_scores_of(table: pl.DataFrame, seasons: set[int]) -> None:
    """The reference figures, and nearly every regular-season game tied to a result with the same score."""
    rows = {row["season"]: row for row in table.iter_rows(named=True)}
    for season in sorted(seasons):
        n, log_loss_open, log_loss_close, home_wins = REFERENCE[season]
        row = rows[season]
        assert abs(row["n"] - n) <= 5, row
        assert row["log_loss_open"] == pytest.approx(log_loss_open, abs=5e-4), season
        assert row["log_loss_close"] == pytest.approx(log_loss_close, abs=5e-4), season
        assert row["home_win_rate"] == pytest.approx(home_wins, abs=1e-3), season
        assert abs(row["n_official"] - row["n"]) <= 15
        assert row["tied_same_score"] >= 0.994 * row["regular_games"], row


def crossed_doubleheaders(settings: Settings) -> pl.DataFrame:
    """Games of doubleheaders whose archive score is that of the *other* game of the day."""
    return read_frame(
        settings,
        """
        select ours.game_key, other.game_key as other_key, ours.official_date
        from curated.archive_benchmark as ours
        inner join staging.games as game on game.game_key = ours.game_key
        inner join staging.games as other
            on other.official_date = game.official_date and other.home_team_id = game.home_team_id
            and other.away_team_id = game.away_team_id and other.game_key <> game.game_key
        inner join staging.game_results as result on result.game_key = other.game_key and result.version = 1
        where ours.scores_agree = false
            and ours.archive_home_runs = result.home_runs and ours.archive_away_runs = result.away_runs
        """,
    )


def assert_quarantine_of_2020(settings: Settings) -> None:
    """Sides that do not belong together (hold far outside 0–12 %) are named, with their prices, and priced nowhere."""
    reasons = read_frame(
        settings,
        "select rule, reason from staging.validation_results where source = 'sbr_archive' and scope = 'market'",
    )
    impossible = reasons.filter((pl.col("rule") == "booksum_out_of_range") & pl.col("reason").str.contains(" of 2020-"))
    assert 15 <= impossible.height <= 60
    named = r"^(moneyline|run line|total)( open| close)? of 2020-\d\d-\d\d \d+@\d+: \S*\d"
    assert impossible["reason"].str.contains(named).all()
    assert impossible["reason"].str.contains(r"^moneyline .* \(booksum \d").sum() >= 15
    holds = read_frame(
        settings, "select open_hold, close_hold from curated.moneylines where source = 'sbr_archive' and season = 2020"
    )
    for moment in ("open_hold", "close_hold"):
        assert holds[moment].drop_nulls().is_between(-0.035, 0.14).all()
    relocated = read_frame(
        settings,
        "select count(*) as games from curated.archive_benchmark "
        "where season = 2020 and sides_swapped and scores_agree",
    )
    assert relocated["games"][0] >= 20


def test_a_season_scores_what_was_published_of_it(two_seasons: Settings) -> None:
    assert_scores_of(read_season_table(two_seasons), {2018})


def test_no_doubleheader_of_two_seasons_is_crossed(two_seasons: Settings) -> None:
    assert crossed_doubleheaders(two_seasons).is_empty()


def test_impossible_sides_of_2020_are_quarantined_with_their_reason(two_seasons: Settings) -> None:
    assert_quarantine_of_2020(two_seasons)


def test_every_record_of_two_seasons_is_accounted_for(two_seasons: Settings) -> None:
    assert_accounted(two_seasons, {"sbr_archive", "retrosheet_games"})


def assert_accounted(settings: Settings, sources: set[str]) -> None:
    accounted = read_frame(settings, "select source, records, difference from operational.record_accounting")
    assert sources <= set(accounted["source"])
    assert (accounted["difference"] == 0).all(), accounted


# --------------------------------------------------------------------------------------------- the whole archive


@pytest.mark.prove
def test_ten_seasons_score_what_was_published_of_them(everything: Settings) -> None:
    assert_scores_of(read_season_table(everything), set(REFERENCE))
    assert crossed_doubleheaders(everything).is_empty()
    assert_quarantine_of_2020(everything)
    assert_accounted(everything, {"sbr_archive", "retrosheet_games", "tick_archive"})


@pytest.mark.prove
def test_both_sides_at_the_open_return_their_closing_value(everything: Settings) -> None:
    pooled = both_sides_at_open(everything, set(REFERENCE)).row(-1, named=True)
    assert pooled["n"] > 49_000
    assert pooled["ev_clv"] == pytest.approx(-0.037, abs=0.002)
    assert abs(pooled["roi"] - pooled["ev_clv"]) < 0.003
    assert abs(pooled["clv_slope"] - 1) < 2 * pooled["clv_slope_se"]


@pytest.mark.prove
def test_pinnacle_stands_as_changes_only_and_before_the_game(everything: Settings) -> None:
    counts = read_frame(
        everything,
        """
        select
            (select count(*) from staging.stg_tick_archive__quotes where source = 'pinnacle_archive') as side_rows,
            (select count(*) from staging.odds_ticks as ticks inner join staging.odds_series as series using (series_id)
                where series.source = 'pinnacle_archive') as changes
        """,
    ).row(0, named=True)
    assert counts["side_rows"] == 1_371_822
    assert counts["changes"] == pytest.approx(332_787, abs=100)  # all-star games among them stay in quarantine
    assert late_prices(everything) == {"states": 0, "decision_prices": 0, "moneylines": 0, "spreads": 0, "totals": 0}


def late_prices(settings: Settings) -> dict[str, int]:
    """Observed prices at or after first pitch (else the scheduled start) in each table of pre-game prices."""
    start = "coalesce(games.first_pitch_at, games.scheduled_start_at)"
    tables = {
        "states": ("staging.int_market_states", f"t.label is null and t.known_at >= {start}"),
        "decision_prices": ("curated.decision_prices", f"not t.moment_assumed and t.price_known_at >= {start}"),
        **{
            mart: (f"curated.{mart}", f"not t.moment_assumed and greatest(t.open_at, t.close_at) >= {start}")
            for mart in ("moneylines", "spreads", "totals")
        },
    }
    late = {}
    for name, (table, condition) in tables.items():
        joined = f"{table} as t inner join staging.games as games using (game_key)"
        late[name] = read_frame(settings, f"select count(*) as late from {joined} where {condition}")["late"][0]
    return late


@pytest.mark.prove
def test_pinnacle_and_sbr_tell_the_same_prices_of_2016(everything: Settings) -> None:
    apart = read_frame(
        everything,
        """
        select pinnacle.game_key, pinnacle.official_date, pinnacle.open_home_price, sbr.open_home_price as sbr_open,
            pinnacle.close_home_price, sbr.close_home_price as sbr_close, pinnacle.close_age_minutes,
            100 * abs(pinnacle.open_home_probability - sbr.open_home_probability) as open,
            100 * abs(pinnacle.close_home_probability - sbr.close_home_probability) as close
        from curated.moneylines as pinnacle
        inner join curated.moneylines as sbr on sbr.game_key = pinnacle.game_key and sbr.source = 'sbr_archive'
        where pinnacle.source = 'pinnacle_archive'
        """,
    )
    assert apart.height > 2400
    for moment in ("open", "close"):
        difference = apart[moment].drop_nulls()
        tail = apart.filter(pl.col(moment) > 2).sort(moment, descending=True)
        assert difference.median() <= 0.6
        assert (difference <= 2).mean() >= 0.95, f"{tail.height} games beyond two points:\n{tail}"
        assert 0 < tail.height <= 0.05 * difference.len()  # there is a tail, and this is the list of it
        assert tail["game_key"].is_unique().all()


@pytest.mark.prove
def test_four_books_quotes_of_games_under_way_are_counted_and_kept_out(everything: Settings) -> None:
    quotes = read_frame(
        everything,
        """
        select count(*) as quotes, count(*) filter (where known_at >= commence_at) as late
        from (
            select event_id, book, known_at, min(commence_at) as commence_at
            from staging.stg_tick_archive__quotes
            where source = 'odds_api_archive' and rule is null
            group by event_id, book, known_at
            having count(distinct side) = 2
        ) as two_sided
        """,
    ).row(0, named=True)
    assert quotes["quotes"] == pytest.approx(9839, abs=10)  # five quotes of all-star games are in quarantine
    assert quotes["late"] == 1139
    assert set(late_prices(everything).values()) == {0}


@pytest.mark.prove
def test_morning_lines_observed_after_the_game_are_kept_out(everything: Settings) -> None:
    lines = "source = 'scores_and_odds_archive' and label is null"
    after = "(known_at at time zone 'UTC')::date > official_date"
    rows = read_frame(
        everything,
        f"select count(*) as lines, count(*) filter (where {after}) as late "
        f"from staging.stg_tick_archive__quotes where {lines}",
    ).row(0, named=True)
    assert rows == {"lines": 4578, "late": 220}
    kept = read_frame(
        everything,
        "select known_at, games.official_date from staging.int_market_states inner join staging.games using (game_key) "
        f"where {lines.replace('source', 'int_market_states.source')}",
    )
    assert kept.height > 1000
    assert (kept["known_at"].dt.date() <= kept["official_date"]).all()

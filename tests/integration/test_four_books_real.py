"""Four books of 2024, seen once a day at one hour: no price of a game under way, or of another game, is bet; the number
of those is told, and what is left scores as prices of this sport do.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from command_line import mlb
from world import Server, fresh_database

from dagster_mlb.reporting.four_books import ALL, CONSENSUS, SNAPSHOTS, four_books_scores
from dagster_mlb.settings import Settings
from dagster_mlb.sources.archives import load_archive
from dagster_mlb.warehouse.frames import read_frame
from dagster_mlb.warehouse.prepare import prepare
from tests.integration.staged_bodies import stage

pytestmark = [pytest.mark.real_data, pytest.mark.timeout(300)]

LONG_AFTER = datetime(2026, 1, 5, tzinfo=UTC)
FILES = ("ticks/four_books_2024*", "ticks/consensus_*", "results/mlb_games_2024*", "results/gl2024*")


@pytest.fixture(scope="module")
def settings(
    server_url: str, postgres_server: str, real_data_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    folder = tmp_path_factory.mktemp("four_books")
    found = [path for pattern in FILES for path in sorted(real_data_dir.glob(pattern))]
    if len(found) < len(FILES):
        pytest.skip(f"{real_data_dir} does not hold all of {FILES}")
    for path in found:
        (folder / path.name).symlink_to(path)
    with fresh_database(Server(server_url, postgres_server), tmp_path_factory.mktemp("data"), LONG_AFTER) as made:
        prepare(made)
        assert {file.outcome for file in load_archive(made, folder, run_id="test")} == {"stored"}
        stage(made, "+in_play_quotes", "+moneylines", "+record_accounting", "+validation_results")
        yield made


def states(settings: Settings) -> pl.DataFrame:
    """Market states of the books' snapshots with their distance, in logit, from the consensus close of their game."""
    return read_frame(
        settings,
        f"""
        with closes as (
            select game_key, avg(ln(probability_1 / (1 - probability_1))) as logit
            from staging.int_market_states
            where source = '{CONSENSUS}' and label = 'close' and unusable_because is null
            group by game_key
        )
        select states.game_key, states.book, states.known_at, states.price_1, states.price_2,
            games.scheduled_start_at as start_at, games.official_date,
            (states.known_at at time zone 'America/New_York')::date < games.official_date as is_early,
            abs(ln(probability_1 / (1 - probability_1)) - closes.logit) as apart
        from staging.int_market_states as states
        inner join staging.games as games using (game_key)
        left join closes using (game_key)
        where states.source = '{SNAPSHOTS}' and states.unusable_because is null
        """,
    )


def test_quotes_of_games_under_way_are_counted_and_none_is_used(settings: Settings) -> None:
    """1,139 of 9,839; five moments of the all-star game at two books each are in quarantine, their clubs being none."""
    counted = read_frame(settings, f"select * from operational.in_play_quotes where source = '{SNAPSHOTS}'")
    assert counted["quotes"].sum() == 9829
    assert counted["at_or_after_start"].sum() == 1139
    assert counted["used_at_or_after_start"].sum() == 0
    all_star = read_frame(
        settings, "select count(*) as rows from staging.validation_results where rule = 'unknown_team'"
    )
    assert all_star["rows"][0] == 2 * (9839 - 9829)
    assert (states(settings)["known_at"] < states(settings)["start_at"]).all()


def test_status_tells_people_how_many_there_are(settings: Settings) -> None:
    told = mlb(settings, "status")
    assert told.lines("1,139 of 9,829 two-sided quotes are at or after the start, none is used.")


def test_what_is_left_scores_what_the_consensus_close_scores(settings: Settings) -> None:
    scored = four_books_scores(settings)
    assert scored["book"].to_list() == ["betmgm", "draftkings", "fanduel", "pinnacle", ALL]
    assert scored["in_play_left_out"][-1] == 1139
    together = scored.row(-1, named=True)
    assert together["n"] > 6000
    assert together["log_loss"] >= 0.670  # a price of a game under way knows more
    for row in scored.iter_rows(named=True):
        assert row["log_loss"] >= 0.670 - row["se"], row
        assert abs(row["difference"]) <= 2 * row["difference_se"], row
        assert 0 < row["difference_se"] < 0.001, row


def test_no_price_is_of_another_game(settings: Settings) -> None:
    """A snapshot of a day may hold tomorrow's game of two clubs under which some books' prices are today's. The books
    that are believed a day early are as near their game's close as on days without such a doubt."""
    found = states(settings).drop_nulls("apart")
    early, same_day = found.filter("is_early"), found.filter(~pl.col("is_early"))
    assert early.height > 500
    assert early["apart"].mean() < 0.11
    assert same_day["apart"].mean() < 0.045
    assert found["apart"].max() < 0.75
    # Prices beyond ±600 were those of games under way, once stated of the next day's game.
    assert states(settings).select(pl.max_horizontal(pl.col("price_1", "price_2").abs().max())).item() <= 600


def test_prices_left_out_were_those_of_the_day_s_own_game(settings: Settings) -> None:
    left_out = read_frame(
        settings,
        f"""
        with closes as (
            select game_key, close_home_probability as p from curated.moneylines
            where source = '{CONSENSUS}' and close_home_probability is not null
        ),
        quotes as (
            select days.book, days.other_game_key, ties.game_key,
                max(price_american) filter (where side = 'home') as home,
                max(price_american) filter (where side = 'away') as away
            from staging.int_doubtful_days as days
            inner join staging.game_crosswalk as ties using (source, event_id)
            inner join staging.stg_tick_archive__quotes as quotes
                on quotes.source = days.source and quotes.event_id = days.event_id and quotes.book = days.book
                and (quotes.known_at at time zone 'America/New_York')::date = days.told_on
            group by 1, 2, 3
        ),
        priced as (
            select quotes.*,
                case when home > 0 then 100 / (home + 100) else -home / (100 - home) end as q_home,
                case when away > 0 then 100 / (away + 100) else -away / (100 - away) end as q_away
            from quotes
        )
        select book, count(*) as n,
            avg(abs(logit - ln(own.p / (1 - own.p)))) as from_its_game,
            avg(abs(logit - ln(other.p / (1 - other.p)))) as from_the_nearer_game
        from (select *, (ln(q_home / (1 - q_home)) - ln(q_away / (1 - q_away))) / 2 as logit from priced) as quoted
        inner join closes as own on own.game_key = quoted.game_key
        inner join closes as other on other.game_key = quoted.other_game_key
        group by book
        """,
    )
    assert set(left_out["book"]) == {"betmgm", "draftkings", "pinnacle"}  # FanDuel posts a day early anyway
    assert (left_out["n"] > 400).all()
    assert (left_out["from_its_game"] > 0.18).all()
    assert (left_out["from_the_nearer_game"] < 0.08).all()


def test_a_game_told_on_two_days_has_an_earlier_and_a_later_price(settings: Settings) -> None:
    twice = (
        states(settings)
        .filter(pl.col("book") == "fanduel")
        .group_by("game_key")
        .agg(pl.col("known_at").n_unique().alias("moments"), pl.col("known_at").max().alias("last"))
    )
    assert twice["moments"].max() == 2
    assert twice.filter(pl.col("moments") == 2).height > 200
    closes = read_frame(
        settings,
        f"""select game_key, close_at from curated.moneylines
            where source = '{SNAPSHOTS}' and book = 'fanduel'""",
    )
    assert (twice.join(closes, on="game_key").select(pl.col("last") == pl.col("close_at"))).to_series().all()


def test_no_event_is_tied_to_a_game_that_starts_hours_away(settings: Settings) -> None:
    apart = read_frame(
        settings,
        f"""
        select
            ties.rung,
            max(abs(extract(epoch from events.commence_at - games.scheduled_start_at)))::float8 / 3600 as hours,
            bool_or(
                events.away_team_id <> games.away_team_id or events.home_team_id <> games.home_team_id
            ) as other_clubs
        from staging.game_crosswalk as ties
        inner join staging.int_source_events as events using (source, event_id)
        inner join staging.games as games using (game_key)
        where ties.source = '{SNAPSHOTS}'
        group by ties.rung
        """,
    )
    assert apart["hours"].max() <= 3
    assert not apart["other_clubs"].any()


def test_prices_of_two_games_under_one_name_are_quarantined(settings: Settings) -> None:
    """The consensus names a game by its day and clubs: of a doubleheader it tells two prices at one moment."""
    contradicted = read_frame(
        settings,
        """select source, count(*) as rows from staging.validation_results
           where rule = 'contradicting_quotes' group by source""",
    )
    assert contradicted.rows() == [(CONSENSUS, 98)]
    differences = read_frame(settings, "select sum(abs(difference)) as sum from operational.record_accounting")
    assert differences["sum"][0] == 0

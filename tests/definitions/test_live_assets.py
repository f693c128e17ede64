"""Live sources as assets: which moments are asked, what is told of an answer, and what is worth another run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest

from dagster_mlb.defs.asking import LOOK, NO_LOOK, reason_not_to_ask
from dagster_mlb.defs.live_tables import LIVE_TABLES, ONLY_NOW, LiveTable
from dagster_mlb.defs.raw_archives import files_readable
from dagster_mlb.defs.raw_live import Asked, ask, cache_hit_rate, collection_metadata, raise_unless_complete, retries
from dagster_mlb.settings import UNOFFICIAL_SOURCES, Settings
from dagster_mlb.sources.archives import FileOutcome
from dagster_mlb.sources.collection import CollectionResult, Failure
from dagster_mlb.sources.daily import odds_api_odds, odds_api_scores
from dagster_mlb.sources.http_outcome import SourceError, SourceNotConfiguredError
from dagster_mlb.sources.odds_api.credits import CreditsExhaustedError
from dagster_mlb.sources.odds_api.price_moments import odds_moments, serving_starts

SETTINGS = Settings(environment="test", fixed_now=datetime(2025, 7, 15, 16, tzinfo=UTC))
DAY = date(2025, 7, 15)
NOON_BEFORE = datetime(2025, 7, 14, 16, tzinfo=UTC)
LATER = datetime(2025, 7, 20, tzinfo=UTC)


def start(hour: int, minute: int = 0) -> datetime:
    return datetime(2025, 7, 15, hour, minute, tzinfo=UTC)


def test_a_day_is_asked_at_the_open_and_ten_minutes_before_first_pitches() -> None:
    moments = odds_moments(DAY, [start(17, 5), start(23)], LATER)

    assert [moment.at for moment in moments] == [NOON_BEFORE, start(16, 55), start(22, 50)]


def test_one_moment_serves_all_games_that_begin_within_twenty_minutes() -> None:
    starts = [start(23), start(23, 5), start(23, 20), start(23, 21)]

    assert serving_starts(starts) == [start(23), start(23, 21)]


def test_at_most_four_moments_and_those_that_serve_most_games() -> None:
    alone = [start(hour) for hour in (15, 16, 17, 18, 19)]
    crowd = [start(22), start(22, 10)]

    chosen = serving_starts([*alone, *crowd])

    assert len(chosen) == 4
    assert start(22) in chosen


def test_no_moment_is_asked_before_it_has_come() -> None:
    moments = odds_moments(DAY, [start(17), start(23)], start(20))

    assert [moment.at for moment in moments] == [NOON_BEFORE, start(16, 50)]


def test_a_snapshot_asks_for_the_games_from_then_to_the_end_of_the_night() -> None:
    first, second = odds_moments(DAY, [start(17)], LATER)

    assert (first.commence_from, first.commence_to) == (start(9), start(9) + timedelta(days=1))
    assert (second.commence_from, second.commence_to) == (second.at, start(9) + timedelta(days=1))


def test_a_day_without_games_is_not_asked() -> None:
    assert odds_moments(DAY, [], LATER) == []


def test_prices_and_scores_of_now_are_not_asked_for_past_days() -> None:
    past = [date(2025, 7, 13), date(2025, 7, 14)]

    assert odds_api_odds(SETTINGS, past, "run") == odds_api_scores(SETTINGS, past, "run") == []


def test_what_was_not_asked_is_told_as_an_absence_with_its_reason() -> None:
    metadata = collection_metadata(Asked(absence=ONLY_NOW), [DAY])

    assert metadata["requests"] == 0
    assert "tells only what is so now" in metadata["nothing asked because"]


def result(**changes: object) -> CollectionResult:
    plain = CollectionResult("odds_api", "odds", "odds_api_odds", "simulated")
    for name, value in changes.items():
        setattr(plain, name, value)
    return plain


def test_requests_of_several_collections_are_added_up() -> None:
    asked = Asked(
        [result(requests=2, stored=1, repeats=1, bytes=10), result(requests=1, stored=1, bytes=5, credits_remaining=7)]
    )
    metadata = collection_metadata(asked, [DAY, DAY + timedelta(days=1)])

    assert (metadata["requests"], metadata["answers stored"], metadata["unchanged answers"]) == (3, 2, 1)
    assert (metadata["bytes"], metadata["credits left"], metadata["provenance"]) == (15, 7, "simulated")
    assert (metadata["first day"], metadata["last day"]) == ("2025-07-15", "2025-07-16")
    assert "answers missing" not in metadata


def test_what_is_missing_is_counted_and_named() -> None:
    metadata = collection_metadata(
        Asked([result(requests=12)], missing=[f"GET /{n} [blocked]" for n in range(12)]), [DAY]
    )

    assert metadata["answers missing"] == 12
    assert metadata["what is missing"].value.splitlines()[0] == "- GET /0 [blocked]"
    assert metadata["what is missing"].value.splitlines()[-1] == "- and 2 more: operational.collection_log"


def test_the_hit_rate_counts_what_needed_no_body_where_caching_applies() -> None:
    cached = [result(caches=True, requests=8, cached=1, revalidated=3), result(requests=100)]

    assert cache_hit_rate(cached) == 0.5
    assert "standing clock" in str(cache_hit_rate([result(requests=100)]))


# ---------------------------------------------------------------- what asking comes to


def odds(*, collected: Sequence[CollectionResult] | Exception = ()) -> LiveTable:
    """A table whose collection is told beforehand."""

    class Told(LiveTable):
        @property
        def collect(self) -> Callable[..., list[CollectionResult]]:
            def answer(*_: object) -> list[CollectionResult]:
                if isinstance(collected, Exception):
                    raise collected
                return list(collected)

            return answer

    return Told("odds_api_odds", "odds_api", "prices", ONLY_NOW, paid_as="odds")


def asked_today(table: LiveTable, *, day: date = DAY, is_last_try: bool = True, **tags: str) -> Asked:
    return ask(SETTINGS, table, [day], run_id="run", tags=tags, is_last_try=is_last_try)


REFUSED = Failure("GET /odds", "permanent", "HTTP 401: API key is not valid")
DOWN = Failure("GET /odds", "transient", "HTTP 503")


def test_today_a_wrong_key_is_recorded_at_once_and_the_day_goes_on() -> None:
    asked = asked_today(odds(collected=[result(requests=1, failures=[REFUSED])]), is_last_try=False)

    assert asked.missing == ["GET /odds [permanent] HTTP 401: API key is not valid"]
    assert asked.troubles == ["1 answers are missing, the first: GET /odds [permanent] HTTP 401: API key is not valid"]


def test_today_a_source_that_is_down_is_tried_again_and_then_recorded() -> None:
    table = odds(collected=[result(requests=1, failures=[DOWN])])

    with pytest.raises(SourceError, match="HTTP 503"):
        asked_today(table, is_last_try=False)
    assert asked_today(table).missing == ["GET /odds [transient] HTTP 503"]


def test_a_backfill_of_past_days_fails_where_an_answer_is_missing() -> None:
    yesterday = DAY - timedelta(days=1)

    with pytest.raises(SourceError, match="HTTP 503"):
        asked_today(odds(collected=[result(requests=1, failures=[DOWN])]), day=yesterday)
    with pytest.raises(dg.Failure, match="API key is not valid"):
        asked_today(odds(collected=[result(requests=1, failures=[REFUSED])]), day=yesterday)


def test_a_missing_key_is_an_absence_today_and_fails_a_backfill() -> None:
    table = odds(collected=SourceNotConfiguredError("set MLB_ODDS_API_KEY"))

    asked = asked_today(table)
    assert (asked.absence, asked.troubles) == ("set MLB_ODDS_API_KEY", ["set MLB_ODDS_API_KEY"])
    with pytest.raises(dg.Failure, match="MLB_ODDS_API_KEY"):
        asked_today(table, day=DAY - timedelta(days=1))


def test_spent_credits_are_an_absence_that_warns() -> None:
    asked = asked_today(odds(collected=CreditsExhaustedError("3 credits are left")))

    assert asked.troubles == ["3 credits are left"]
    assert collection_metadata(asked, [DAY])["nothing asked because"] == "3 credits are left"


def test_days_that_leave_nothing_to_ask_are_no_trouble() -> None:
    asked = asked_today(odds())

    assert (asked.absence, asked.troubles) == (ONLY_NOW, [])


def test_what_the_plan_has_not_at_this_moment_is_not_asked_and_no_trouble() -> None:
    table = odds(collected=AssertionError("asked all the same"))
    asked = asked_today(table, **{LOOK: NO_LOOK})

    assert asked.troubles == []
    assert asked.absence == (
        "the plan for 500 credits in July 2025 asks for it at 12:00, 18:30 New York (schedule odds_looks)"
    )


@pytest.mark.parametrize(
    "table", [table for table in LIVE_TABLES if table.source in UNOFFICIAL_SOURCES], ids=lambda table: table.name
)
def test_in_production_an_unofficial_source_is_off_and_the_setting_is_named(table: LiveTable) -> None:
    """Nothing is asked: neither a database nor a server is there."""
    production = SETTINGS.model_copy(update={"environment": "production"})
    asked = ask(production, table, [DAY], run_id="run", tags={}, is_last_try=True)

    assert asked.results == ()
    assert asked.troubles == []
    assert str(asked.absence).startswith(f"{table.source} is unofficial and off in production")
    assert "MLB_ENABLED_SOURCES" in str(asked.absence)


def test_named_ones_are_on_and_the_others_stay_off() -> None:
    production = SETTINGS.model_copy(update={"environment": "production", "enabled_sources": "vsin"})
    by_name = {table.name: table for table in LIVE_TABLES}

    assert reason_not_to_ask(production, by_name["vsin_splits"], {}) is None
    assert reason_not_to_ask(production, by_name["mlb_stats_schedule"], {}) is None
    assert "now: vsin" in str(reason_not_to_ask(production, by_name["sbd_odds"], {}))


def test_only_the_clock_that_runs_is_waited_for() -> None:
    assert retries(SETTINGS).delay == 0
    assert retries(Settings(environment="test")).delay == 60


def test_a_source_that_is_down_is_asked_again() -> None:
    failed = result(
        requests=2, failures=[Failure("/odds", "transient", "HTTP 503"), Failure("/x", "refused", "halted")]
    )

    with pytest.raises(SourceError, match="HTTP 503"):
        raise_unless_complete(failed)


def test_a_wrong_key_is_not_tried_again() -> None:
    failed = result(requests=1, failures=[Failure("/odds", "permanent", "HTTP 401: API key is not valid")])

    with pytest.raises(dg.Failure, match="API key is not valid") as raised:
        raise_unless_complete(failed)
    assert not raised.value.allow_retries


def test_a_complete_collection_raises_nothing() -> None:
    raise_unless_complete(result(requests=1, stored=1))


def outcome(outcome: str, message: str = "") -> FileOutcome:
    return FileOutcome("sbr_archive", "xlsx", "mlb.xlsx", 2016, outcome, 0, message, None, 0.1)  # type: ignore[arg-type]


def test_refused_files_warn_with_their_reasons_and_block_nothing() -> None:
    told = files_readable(
        [outcome("stored"), outcome("refused", "mlb.xlsx: zip: it is truncated")], ["raw_data", "sbr_archive"]
    )

    assert not told.passed
    assert told.severity == dg.AssetCheckSeverity.WARN
    assert "it is truncated" in str(told.metadata["reasons"].value)


def test_readable_files_pass() -> None:
    assert files_readable([outcome("stored"), outcome("unchanged")], ["raw_data", "sbr_archive"]).passed

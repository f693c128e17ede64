"""Live sources as assets: which moments are asked, what is told of an answer, and what is worth another run."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest

from dagster_mlb.defs.price_moments import odds_moments, serving_starts
from dagster_mlb.defs.raw_archives import files_readable
from dagster_mlb.defs.raw_live import ONLY_NOW, _odds, _scores, collection_metadata, raise_unless_complete
from dagster_mlb.settings import Settings
from dagster_mlb.sources.archives import FileOutcome
from dagster_mlb.sources.collection import CollectionResult, Failure
from dagster_mlb.sources.http_outcome import SourceError

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
    settings = Settings(environment="test", fixed_now=datetime(2025, 7, 15, 16, tzinfo=UTC))
    past = [date(2025, 7, 13), date(2025, 7, 14)]

    assert _odds(settings, past, "run") == _scores(settings, past, "run") == []


def test_what_was_not_asked_is_told_as_an_absence_with_its_reason() -> None:
    metadata = collection_metadata([], [DAY], ONLY_NOW)

    assert metadata["requests"] == 0
    assert "tells only what is so now" in metadata["nothing asked because"]


def result(**changes: object) -> CollectionResult:
    plain = CollectionResult("odds_api", "odds", "odds_api_odds", "simulated")
    for name, value in changes.items():
        setattr(plain, name, value)
    return plain


def test_requests_of_several_collections_are_added_up() -> None:
    metadata = collection_metadata(
        [result(requests=2, stored=1, repeats=1, bytes=10), result(requests=1, stored=1, bytes=5, credits_remaining=7)],
        [DAY, DAY + timedelta(days=1)],
        "",
    )

    assert (metadata["requests"], metadata["answers stored"], metadata["unchanged answers"]) == (3, 2, 1)
    assert (metadata["bytes"], metadata["credits left"], metadata["provenance"]) == (15, 7, "simulated")
    assert (metadata["first day"], metadata["last day"]) == ("2025-07-15", "2025-07-16")


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

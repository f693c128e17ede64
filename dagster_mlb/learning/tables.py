"""The curated tables that learning makes: their columns and keys, and how a slice of one is replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl
    import psycopg

TEAM_RATINGS = "curated.team_ratings"
PREDICTIONS = "curated.predictions"
MODEL_PERFORMANCE = "curated.model_performance"

DDL: dict[str, str] = {
    TEAM_RATINGS: """
        create table curated.team_ratings (
            game_key        bigint not null,
            team_id         int not null,
            version         int not null,
            season          int not null,
            official_date   date not null,
            opponent_id     int not null,
            is_home         boolean not null,
            rating_before   double precision not null,
            rating_after    double precision not null,
            games_played    int not null,
            rating_season   int not null,
            rating_sequence int not null,
            known_at        timestamptz not null,
            provenance      text not null,
            primary key (game_key, team_id, version)
        )""",
    PREDICTIONS: """
        create table curated.predictions (
            game_key                bigint not null,
            decision                text not null,
            model_name              text not null,
            model_id                text not null,
            fold                    text not null,
            predicted_for           date not null,
            home_win_probability    double precision not null check (home_win_probability between 0 and 1),
            market_home_probability double precision,
            feature_hash            text not null,
            provenance              text not null,
            known_at                timestamptz not null,
            primary key (game_key, decision, model_name)
        )""",
    MODEL_PERFORMANCE: """
        create table curated.model_performance (
            model_name            text not null,
            decision              text not null,
            period                text not null,
            provenance            text not null,
            n                     bigint not null,
            log_loss              double precision not null,
            brier                 double precision not null,
            accuracy              double precision not null,
            calibration_slope     double precision,
            calibration_slope_se  double precision,
            calibration_intercept double precision,
            market_log_loss       double precision not null,
            log_loss_difference   double precision not null,
            difference_se         double precision,
            close_log_loss        double precision,
            primary key (model_name, decision, period, provenance)
        )""",
}

INDEXES: dict[str, tuple[str, ...]] = {
    TEAM_RATINGS: ("team_id, known_at, rating_sequence",),
    PREDICTIONS: ("predicted_for", "model_id"),
    MODEL_PERFORMANCE: (),
}


def publish(conn: psycopg.Connection, table: str, frame: pl.DataFrame) -> int:
    """Replace the whole table, in one transaction."""
    from dagster_mlb.warehouse.frames import publish_frame

    return publish_frame(conn, table, frame, DDL[table], INDEXES[table])


def replace_slice(conn: psycopg.Connection, table: str, frame: pl.DataFrame, condition: str, params: list[Any]) -> int:
    """Replace the rows that meet ``condition`` (SQL, with ``params``) by ``frame``; the others stay. One
    transaction."""
    from psycopg import sql

    from dagster_mlb.warehouse.copy import copy_frame

    with conn.transaction():
        if _columns_of(conn, table) != set(frame.columns):
            return publish(conn, table, frame)  # missing, or of another version of the code
        schema, name = table.split(".")
        delete = sql.SQL("delete from {} where ").format(sql.Identifier(schema, name)).as_string(conn) + condition
        conn.execute(delete.encode(), params)
        return copy_frame(conn, table, frame)


def _columns_of(conn: psycopg.Connection, table: str) -> set[str]:
    schema, name = table.split(".")
    rows = conn.execute(
        "select column_name from information_schema.columns where table_schema = %s and table_name = %s", [schema, name]
    ).fetchall()
    return {row[0] for row in rows}

"""Every setting of the platform, read once from the environment (prefix ``MLB_``), the clock included.

Nothing else in the package reads ``os.environ`` for a setting or asks the machine for the time: what is *now* is
``Settings.now()``, so that a demo on the league's clock, a test and production run the same code.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

Environment = Literal["demo", "dev", "test", "production"]
Provenance = Literal["live", "archive", "replayed", "simulated"]

PROJECT_ROOT = Path(__file__).resolve().parent.parent

# The addresses that make a response "live"; any other base URL is a simulation or a replay.
OFFICIAL_BASE_URLS = {
    "mlb_stats": "https://statsapi.mlb.com",
    "odds_api": "https://api.the-odds-api.com",
    "action_network": "https://api.actionnetwork.com",
    "vsin": "https://data.vsin.com",
    "sbd": "https://www.sportsbettingdime.com",
    "sbr": "https://www.sportsbookreview.com",
    "savant": "https://baseballsavant.mlb.com",
    "prizepicks": "https://api.prizepicks.com",
    "open_meteo_forecast": "https://api.open-meteo.com",
    "open_meteo_historical_forecast": "https://historical-forecast-api.open-meteo.com",
    "open_meteo_archive": "https://archive-api.open-meteo.com",
}
# Endpoints that nobody published for others to use: in production each is off until it is named in enabled_sources.
UNOFFICIAL_SOURCES = frozenset({"action_network", "vsin", "sbd", "sbr", "savant", "prizepicks"})


class Settings(BaseSettings):
    """One immutable set of settings. An unknown environment or a malformed value raises at start."""

    model_config = SettingsConfigDict(env_prefix="MLB_", frozen=True, extra="ignore")

    environment: Environment = "dev"
    data_dir: Path = PROJECT_ROOT / ".mlb"
    database_url: SecretStr | None = Field(
        default=None,
        description="A PostgreSQL server to use instead of the embedded one: postgresql://user:password@host:port/database",
    )
    dagster_database_url: SecretStr | None = Field(
        default=None, description="Dagster's own storage; default: a database of its own beside the platform's"
    )
    archive_dir: Path | None = Field(default=None, description="Folder of archive files; default: <data_dir>/archives")

    mlb_stats_base_url: str = OFFICIAL_BASE_URLS["mlb_stats"]
    odds_api_base_url: str = OFFICIAL_BASE_URLS["odds_api"]
    action_network_base_url: str = OFFICIAL_BASE_URLS["action_network"]
    vsin_base_url: str = OFFICIAL_BASE_URLS["vsin"]
    sbd_base_url: str = OFFICIAL_BASE_URLS["sbd"]
    sbr_base_url: str = OFFICIAL_BASE_URLS["sbr"]
    savant_base_url: str = OFFICIAL_BASE_URLS["savant"]
    prizepicks_base_url: str = OFFICIAL_BASE_URLS["prizepicks"]
    open_meteo_forecast_base_url: str = OFFICIAL_BASE_URLS["open_meteo_forecast"]
    open_meteo_historical_forecast_base_url: str = OFFICIAL_BASE_URLS["open_meteo_historical_forecast"]
    open_meteo_archive_base_url: str = OFFICIAL_BASE_URLS["open_meteo_archive"]
    enabled_sources: str = Field(
        default="",
        description="Unofficial sources that production may ask, comma-separated; elsewhere all may be asked",
    )
    odds_api_key: SecretStr | None = None
    odds_api_monthly_credits: int = Field(
        default=500, ge=0, description="Credits of The Odds API's plan per month (UTC)"
    )
    odds_api_regions: str = Field(
        default="us,eu", description="Regions of books, comma-separated; each costs credits. The sharp books are in eu"
    )
    base_url_provenance: Literal["simulated", "replayed"] = Field(
        default="simulated", description="What a base URL that is not the source's own serves"
    )

    strategies_file: Path | None = Field(
        default=None, description="Which strategies run, as a TOML file; default: dagster_mlb/strategies/catalog.toml"
    )
    fixed_now: datetime | None = Field(default=None, description="The clock stands at this moment (demo, tests)")
    dbt_runner: Literal["in_process", "subprocess"] = "in_process"
    dagster_storage: Literal["pooled", "stock"] = "pooled"
    webserver_port: int = 3070
    docs_port: int = 3071

    @field_validator("enabled_sources")
    @classmethod
    def _known_sources(cls, value: str) -> str:
        unknown = {name.strip() for name in value.split(",") if name.strip()} - UNOFFICIAL_SOURCES
        if unknown:
            raise ValueError(
                f"MLB_ENABLED_SOURCES names {', '.join(sorted(unknown))}; "
                f"what can be switched on: {', '.join(sorted(UNOFFICIAL_SOURCES))}"
            )
        return value

    @field_validator("fixed_now")
    @classmethod
    def _aware(cls, value: datetime | None) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("MLB_FIXED_NOW needs a time zone, for example 2025-07-15T16:00:00Z")
        return value.astimezone(UTC) if value is not None else None

    def now(self) -> datetime:
        """The moment it is, in UTC: the only clock that any part of the platform may ask."""
        return self.fixed_now or datetime.now(UTC)

    @property
    def odds_api_region_list(self) -> tuple[str, ...]:
        return tuple(region.strip() for region in self.odds_api_regions.split(",") if region.strip())

    @property
    def enabled_source_list(self) -> frozenset[str]:
        return frozenset(name.strip() for name in self.enabled_sources.split(",") if name.strip())

    def may_ask(self, source: str) -> bool:
        """Whether a source is switched on: every one but, in production, the unofficial that nobody named."""
        if source not in UNOFFICIAL_SOURCES or self.environment != "production":
            return True
        return source in self.enabled_source_list

    @property
    def postgres_dir(self) -> Path:
        return self.data_dir / "postgres"

    @property
    def archive_folder(self) -> Path:
        return self.archive_dir or self.data_dir / "archives"

    @property
    def model_dir(self) -> Path:
        return self.data_dir / "models" / self.environment

    @property
    def database_name(self) -> str:
        return f"mlb_{self.environment}"

    @property
    def dagster_database_name(self) -> str:
        return f"dagster_{self.environment}"

    def provenance_of(self, source: str, base_url: str) -> Provenance:
        """*live* only for the source's own address; the collector never takes a server's word for it."""
        if base_url.rstrip("/") == OFFICIAL_BASE_URLS.get(source):
            return "live"
        return self.base_url_provenance


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The process's settings. Tests build their own ``Settings(...)`` and pass it on."""
    return Settings()

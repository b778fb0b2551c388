"""One bank, one process: what `alm.yaml` and the `ALM_*` variables say.

Read once. Paths are resolved against the folder of `alm.yaml`, so a bank can be moved or opened
from anywhere. Assumptions, products and limits are data contracts, not settings.
"""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from alm_pipeline.errors import ConfigurationError
from alm_pipeline.paths import SQL

PERFORMANCE_SET = (
    "base",
    *(
        f"basel_2024_{shape}"
        for shape in (
            "parallel_up",
            "parallel_down",
            "steepener",
            "flattener",
            "short_up",
            "short_down",
        )
    ),
    *(f"us_{way}_{size}" for way in ("up", "down") for size in (100, 200, 300)),
)


_INDIFFERENT = {
    "home", "warehouse", "landing", "data", "contracts", "sql", "threads", "memory_limit",
    "identity",
}  # fmt: skip


class Settings(BaseSettings):
    """A bank and where its files are.

    Attributes
    ----------
    bank_name, source : str
        `source` names a folder of ``data_contracts/sources``.
    data : dict[str, Path]
        Folders that the source reads, by the names it declares.
    members, group_entity_id
        Entities that consolidate into the group, and the name of the group's own rows.
    contracts : Path or None
        Overlay with the layout of ``data_contracts``; a file there replaces the shipped one.
    sql : Path or None
        SQL files to run instead of the shipped ones; a replay's.
    liquidity_packs
        Rule packs of the liquidity ratios; the first of each kind leads stresses and warnings.
    nii_base_path : {"forward", "flat"}
        Where rates go in the base case of net interest income; the other is shown beside it.
    eve_margins : {"excluded", "included"}
        Whether economic value contains commercial margins; discounting follows.
    identity : str
        Who acts, as the journal of actions names them; empty means the operating-system user.
    """

    model_config = SettingsConfigDict(env_prefix="ALM_", extra="forbid", frozen=True)

    bank_name: str = "Demo Bank"
    source: str = "demo"
    data: dict[str, Path] = {}
    reporting_currency: str = "USD"
    group_entity_id: str = "GROUP"
    members: tuple[str, ...] = ("BANK", "EUBANK")
    first_as_of_date: date = date(2020, 1, 31)
    warehouse: Path = Path("warehouse")
    landing: Path = Path("landing")
    contracts: Path | None = None
    sql: Path | None = None
    closing_scenarios: tuple[str, ...] = PERFORMANCE_SET
    liquidity_packs: tuple[str, ...] = ("lcr_basel", "nsfr_basel")
    threads: int = max(1, os.cpu_count() or 1)
    memory_limit: str = "6GB"
    nii_base_path: Literal["forward", "flat"] = "forward"
    eve_margins: Literal["excluded", "included"] = "excluded"
    identity: str = ""
    home: Path = Path()

    @model_validator(mode="after")
    def _base_is_a_closing_scenario(self) -> Settings:
        if "base" not in self.closing_scenarios:
            raise ValueError("closing_scenarios must contain 'base'")
        return self

    def resolved(self, path: Path) -> Path:
        """Return a path of the settings as an absolute one."""
        return path if path.is_absolute() else (self.home / path).resolve()

    @property
    def warehouse_folder(self) -> Path:
        """Absolute folder of the warehouse."""
        return self.resolved(self.warehouse)

    @property
    def landing_folder(self) -> Path:
        """Absolute folder in which deliveries arrive."""
        return self.resolved(self.landing)

    @property
    def overlay(self) -> Path | None:
        """Absolute folder of the bank's own data contracts, when it has one."""
        return None if self.contracts is None else self.resolved(self.contracts)

    @property
    def sql_folder(self) -> Path:
        """Absolute folder of the SQL files."""
        return SQL if self.sql is None else self.resolved(self.sql)

    @property
    def deciding(self) -> dict[str, Any]:
        """The settings that can change a result; places and the machine's share are not."""
        found: dict[str, Any] = self.model_dump(mode="json", exclude=_INDIFFERENT)
        return found

    @property
    def dagster_home(self) -> Path:
        """Absolute folder of the Dagster instance."""
        return self.resolved(Path(".dagster_home"))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let variables win over the file."""
        return (env_settings, init_settings)


class RecordedSettings(Settings):
    """Settings as a close recorded them; no variable of today's environment changes them."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what is given and nothing else."""
        return (init_settings,)


def config_path() -> Path:
    """Return the `alm.yaml` in force: `ALM_CONFIG`, or the one in the working folder."""
    return Path(os.environ.get("ALM_CONFIG", "alm.yaml")).resolve()


def load_settings(path: Path | None = None) -> Settings:
    """Read a bank's settings; without a file they are the demo bank's, in the working folder.

    Raises
    ------
    ConfigurationError
        With every problem of the file at once.
    """
    path = (path or config_path()).resolve()
    written: dict[str, Any] = {}
    if path.is_file():
        loaded = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        if not isinstance(loaded, dict):
            raise ConfigurationError("alm.yaml is not a mapping", where=path.name)
        written = loaded
    elif "ALM_CONFIG" in os.environ:
        raise ConfigurationError(
            "the file named by ALM_CONFIG or --config does not exist",
            where=path.name,
            fix="write one with `alm init SOURCE --into DIR`",
        )
    try:
        return Settings(**{**written, "home": path.parent})
    except ValidationError as problem:
        lines = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in problem.errors()]
        raise ConfigurationError(
            f"{len(lines)} settings cannot be used", where=path.name, detail="; ".join(lines)
        ) from problem

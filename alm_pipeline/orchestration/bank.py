"""One bank, opened once per process: its settings, data contracts, SQL files and warehouse.

Everything an asset body needs hangs here, so that a body stays read, one call, write. What a step
computes is decided elsewhere; how rows are stored is `warehouse.store`'s business.
"""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from alm_pipeline.errors import ConfigurationError
from alm_pipeline.inputs.accepted import accepted_relations
from alm_pipeline.inputs.access import Access, load_access
from alm_pipeline.inputs.data_contracts import (
    ColumnEntry,
    ExtractContract,
    TableContract,
    load_dictionary,
    load_extract_contracts,
    load_table_contracts,
)
from alm_pipeline.inputs.exceptions import AdjustmentBook, load_adjustments, load_waivers
from alm_pipeline.inputs.figures import Figures, load_figures
from alm_pipeline.inputs.governed import GovernedSet, governed_set, write_overlay
from alm_pipeline.inputs.libraries import decisive_versions
from alm_pipeline.inputs.relations import BankFacts, all_relations
from alm_pipeline.inputs.settings import Settings, load_settings
from alm_pipeline.inputs.sources import Source, load_source, source_relations
from alm_pipeline.inputs.sql_files import SqlFile, load_sql_files
from alm_pipeline.inputs.yaml_files import contract_file, contract_texts
from alm_pipeline.orchestration.computing_code import computing_code_hash
from alm_pipeline.validation.required_checks import blocking_checks
from alm_pipeline.warehouse.arrow_start import start_arrow
from alm_pipeline.warehouse.change_log import ChangeLog
from alm_pipeline.warehouse.content import combined_hash, content_hash
from alm_pipeline.warehouse.definitions import Definitions, text_hash
from alm_pipeline.warehouse.gate import Gate
from alm_pipeline.warehouse.history import History
from alm_pipeline.warehouse.journal import Journal
from alm_pipeline.warehouse.kept_relations import KeptRelations
from alm_pipeline.warehouse.lake import Lake
from alm_pipeline.warehouse.manifests import Closes
from alm_pipeline.warehouse.registry import Entry
from alm_pipeline.warehouse.scratch import ScratchStore
from alm_pipeline.warehouse.session import Session
from alm_pipeline.warehouse.shapes import (
    TableShape,
    contract_shape,
    quarantine_shape,
    raw_shape,
)
from alm_pipeline.warehouse.store import Commit, Store, rules_hash

WHAT_IF, DAILY = "what_if", "daily"
TWIN_SCHEMAS = ("scenarios", "metrics")
CALIBRATED_MODELS = "behaviour.calibrated_models"
CALIBRATED_PARAMETERS = "behaviour.calibrated_parameters"
CALIBRATED = (CALIBRATED_MODELS, CALIBRATED_PARAMETERS)
"""Estimates that people read before they decide; no close reads or pins them."""

Listener = Callable[[Commit, float], None]


class Bank:
    """A bank as one process sees it.

    Parameters
    ----------
    settings : Settings
    history : History, optional
        Earlier closes it reads; by default the published ones of its own warehouse.

    Attributes
    ----------
    listeners : list
        Called with each commit and its seconds; the command line prints progress this way.
    contract_texts : Mapping[str, str]
        Every YAML file and code list in force when the bank was opened, by its path.
    """

    def __init__(self, settings: Settings, history: History | None = None) -> None:
        self.settings = settings
        self.listeners: list[Listener] = []
        self._announcing = threading.Lock()
        overlay = settings.overlay
        self.contract_texts: Mapping[str, str] = contract_texts(overlay)
        self.dictionary: Mapping[str, ColumnEntry] = load_dictionary(overlay)
        self.tables: Mapping[str, TableContract] = load_table_contracts(overlay)
        self.contracted: Mapping[str, ExtractContract] = load_extract_contracts(overlay)
        daily = {name for name, contract in self.contracted.items() if contract.is_daily}
        self.extracts = {n: c for n, c in self.contracted.items() if n not in daily}
        declared = contract_file(f"sources/{settings.source}/source.yaml", overlay)
        self.source: Source = load_source(declared, set(self.extracts), daily)
        every_file = load_sql_files(settings.source, settings.sql_folder)
        self.sql_files: tuple[SqlFile, ...] = tuple(f for f in every_file if is_of_close(f.table))
        self._bound_inputs: dict[Session, date] = {}
        self._relations: dict[date, Mapping[str, pa.Table]] = {}
        self._relation_hashes: dict[date, Mapping[str, str]] = {}
        self.closes = Closes(settings.warehouse_folder / "closes")
        self.lake = Lake(settings.warehouse_folder / "lake")
        self.history = history or History(self.closes, self.lake)
        self.code_hash = computing_code_hash()

    @cached_property
    def store(self) -> Store:
        """The warehouse, opened at first use so that definitions load without touching disk."""
        settings = self.settings
        root = settings.warehouse_folder
        root.mkdir(parents=True, exist_ok=True)

        def session() -> Session:
            return Session(settings.threads, settings.memory_limit, root / "spill")

        gate = Gate(self.lake, blocking_checks(self.extracts), load_waivers(settings.overlay))
        return Store(
            session,
            self.lake,
            self.shapes,
            gate,
            self.history,
            settings.closing_scenarios,
            {"code": self.code_hash, "libraries": combined_hash(self.libraries)},
            rules_hash({"code": self.code_hash, **self.definition_hashes}),
        )

    def under(self, governed: GovernedSet, folder: Path) -> Bank:
        """Return this bank as it would be with other governed inputs, its results in memory.

        Parameters
        ----------
        governed : GovernedSet
            Assumptions, scenarios, rule packs, limits and definitions to use.
        folder : Path
            An empty folder for their files, kept as long as the bank is used.
        """
        other = copy.copy(self)
        scenarios = tuple(governed.definitions["closing_scenarios"].split(", "))
        changed = {**governed.definitions, "closing_scenarios": scenarios}
        overlay = write_overlay(governed, self.contract_texts, folder)
        other.settings = self.settings.model_copy(update={**changed, "contracts": overlay})
        other.contract_texts = contract_texts(overlay)
        other.listeners = []
        other._bound_inputs, other._relations, other._relation_hashes = {}, {}, {}
        for name in ("figures", "governed", "settings_text", "definition_hashes"):
            other.__dict__.pop(name, None)
        other.__dict__["store"] = ScratchStore(self.store, scenarios)
        return other

    def history_of(self, _table: str) -> History:
        """Return the history in which a table is read as earlier closes hold it."""
        return self.history

    @property
    def pseudonym_folder(self) -> Path:
        """Folder of the key of pseudonyms."""
        return self.settings.warehouse_folder

    @property
    def shown_shapes(self) -> Mapping[str, TableShape]:
        """Shapes of the tables that people see in this bank's face."""
        beside = (WHAT_IF, DAILY)
        return {n: s for n, s in self.shapes.items() if n.partition(".")[0] not in beside}

    @property
    def choices(self) -> dict[str, str]:
        """The definitions of a close that `alm.yaml` makes; they are printed on every report."""
        settings = self.settings
        return {
            "bank_name": settings.bank_name,
            "source": settings.source,
            "reporting_currency": settings.reporting_currency,
            "eve_margins": settings.eve_margins,
            "nii_base_path": settings.nii_base_path,
            "balance_sheet_eve": "run-off",
            "balance_sheet_nii": "constant, like-for-like replacement",
            "closing_scenarios": ", ".join(settings.closing_scenarios),
        }

    @cached_property
    def governed(self) -> GovernedSet:
        """What may not change without approval, as it is now."""
        return governed_set(self.contract_texts, self.choices)

    @cached_property
    def adjustments(self) -> AdjustmentBook:
        """Amounts that are added to published cells by hand."""
        return load_adjustments(self.settings.overlay)

    @cached_property
    def change_log(self) -> ChangeLog:
        """What changed in the governed inputs from close to close, and what it did."""
        return ChangeLog(self.store.lake)

    @cached_property
    def journal(self) -> Journal:
        """Who published, approved or overrode what in this warehouse."""
        return Journal(self.store.lake, self.settings.identity)

    @cached_property
    def access(self) -> Access:
        """Who reads what in `alm.duckdb`."""
        tables = {t: s.columns for t, s in self.shapes.items() if t.partition(".")[0] != WHAT_IF}
        return load_access(tables, self.dictionary, self.settings.overlay)

    @cached_property
    def figures(self) -> Figures:
        """What the YAML inputs say: curves, scenarios, packs, assumptions, products, limits."""
        figures = load_figures(self.settings.overlay)
        if contract_texts(self.settings.overlay) != self.contract_texts:
            raise ConfigurationError(
                "data contracts were edited after they were read",
                where=self.settings.bank_name,
                fix="start the command again; in the UI, reload the code location",
            )
        return figures

    def keep_relations(self, as_of_date: date) -> None:
        """Keep the input relations of a close, so that looking at it need not make them again."""
        self._kept_relations(self).keep(self._relations_key(as_of_date), self.relations(as_of_date))

    def recall_relations(self, as_of_date: date, of: Bank) -> None:
        """Take the input relations that a bank's warehouse kept; where there are none, do nothing.

        They are named by all that decides them, this bank's code and definitions.
        """
        kept = self._kept_relations(of).find(self._relations_key(as_of_date))
        if kept is not None:
            self._relations.setdefault(as_of_date, kept)

    @staticmethod
    def _kept_relations(of: Bank) -> KeptRelations:
        return KeptRelations(of.settings.warehouse_folder / "relations")

    def _relations_key(self, as_of_date: date) -> str:
        decisive = {"as_of_date": as_of_date.isoformat(), "code": self.code_hash}
        return combined_hash({**self.definition_hashes, **decisive})

    def relations(self, as_of_date: date) -> Mapping[str, pa.Table]:
        """Return what SQL reads of the YAML inputs, by name in schema ``inputs``."""
        if as_of_date not in self._relations:
            relations = dict(all_relations(self.figures, self._facts(), as_of_date))
            relations["source_codes"] = _codes(self.source)
            overlay = self.settings.overlay
            relations |= accepted_relations(self.figures, overlay, as_of_date)
            self._relations[as_of_date] = relations
        return self._relations[as_of_date]

    @property
    def relation_columns(self) -> Mapping[str, list[str]]:
        """Column names of every input relation; they are the same at every month end."""
        relations = self.relations(self.settings.first_as_of_date)
        return {name: rows.column_names for name, rows in relations.items()}

    def relation_hashes(self, as_of_date: date) -> Mapping[str, str]:
        """Return the content hash of every input relation, by its full name."""
        if as_of_date not in self._relation_hashes:
            relations = self.relations(as_of_date).items()
            hashes = {f"inputs.{name}": content_hash(rows) for name, rows in relations}
            self._relation_hashes[as_of_date] = hashes
        return self._relation_hashes[as_of_date]

    def bind_inputs(self, as_of_date: date) -> None:
        """Make the input relations of a month end readable in this thread's session."""
        session = self.store.session
        if self._bound_inputs.get(session) != as_of_date:
            for name, rows in self.relations(as_of_date).items():
                session.bind_table(f"inputs.{name}", rows)
            self._bound_inputs[session] = as_of_date

    def _facts(self) -> BankFacts:
        settings, declared = self.settings, source_relations(self.source)
        return BankFacts(
            group_entity_id=settings.group_entity_id,
            bank_name=settings.bank_name,
            reporting_currency=settings.reporting_currency,
            source=settings.source,
            nii_base_path=settings.nii_base_path,
            eve_margins=settings.eve_margins,
            members=settings.members,
            closing_scenarios=settings.closing_scenarios,
            liquidity_packs=settings.liquidity_packs,
            not_delivered=declared["not_delivered"],
            declared=declared["declared"],
        )

    @cached_property
    def shapes(self) -> Mapping[str, TableShape]:
        """Shape of every table this bank can have."""
        own = {f.table for f in self.sql_files} | {r.table for f in self.sql_files for r in f.reads}
        shapes = {
            name: contract_shape(contract, self.dictionary)
            for name, contract in self.tables.items()
            if contract.schema != "raw" or name in own  # another source's raw tables are not ours
        }
        for name, contract in self.extracts.items():
            columns = [column.name for column in contract.columns]
            shapes[f"raw.{name}"] = raw_shape(f"raw.{name}", columns, contract.version)
            shapes[f"quarantine.{name}"] = quarantine_shape(name, contract.version)
        for spec in self.source.files:
            table = self.source.raw_table(spec.name)
            shapes[table] = raw_shape(table, spec.columns)
        for promised in self.tables.values():
            if promised.schema in TWIN_SCHEMAS and "scenario" in promised.partition_by:
                twin = twin_of(promised.table)
                shapes[twin] = contract_shape(promised, self.dictionary, twin)
        return shapes

    @cached_property
    def libraries(self) -> Mapping[str, str]:
        """Version of Python and of every library that a cell may depend on."""
        return decisive_versions()

    @cached_property
    def settings_text(self) -> str:
        """What the settings say that can change a result, as JSON: no folders, no threads."""
        return json.dumps(self.settings.deciding, indent=1, sort_keys=True)

    @cached_property
    def definition_hashes(self) -> dict[str, str]:
        """Hash of every text people wrote that a close is made from, by name."""
        hashes = {"settings": text_hash(self.settings_text)}
        hashes |= {f"sql:{file.relative}": file.code_hash for file in self.sql_files}
        texts = self.contract_texts.items()
        return hashes | {f"contracts:{name}": text_hash(text) for name, text in texts}

    @property
    def definitions(self) -> Definitions:
        """The kept texts of this warehouse's closes."""
        return Definitions(self.settings.warehouse_folder / "definitions")

    def keep_definitions(self) -> None:
        """Keep every text of `definition_hashes`, so that this close can be made again."""
        sql = (file.text for file in self.sql_files)
        self.definitions.keep([self.settings_text, *sql, *self.contract_texts.values()])

    @property
    def folders(self) -> Mapping[str, Path]:
        """Where each named folder of the source is."""
        named = {n: self.settings.resolved(p) for n, p in self.settings.data.items()}
        landing = self.settings.landing_folder
        return {"landing": landing, DAILY: landing / DAILY} | named

    def announce(self, commit: Commit, seconds: float) -> None:
        """Tell every listener what was written."""
        with self._announcing:
            for listener in self.listeners:
                listener(commit, seconds)

    def known(self, entries: Sequence[Entry]) -> list[Commit]:
        """Announce tables that nothing had to be computed for, and return them as commits."""
        commits = [Commit(entry, is_changed=False, is_known=True) for entry in entries]
        for commit in commits:
            self.announce(commit, 0.0)
        return commits

    @cached_property
    def workers(self) -> ThreadPoolExecutor:
        """Threads for work that does not depend on each other; kept, as are their sessions."""
        return ThreadPoolExecutor(self.settings.threads, thread_name_prefix="alm")


def _codes(source: Source) -> pa.Table:
    columns = ("code_list", "code", "meaning", "value")
    schema = pa.schema([(name, pa.string()) for name in columns])
    return pa.Table.from_pylist(source_relations(source)["source_codes"], schema=schema)


def twin_of(table: str) -> str:
    """Return the what-if twin of a table by scenario: ``metrics.eve`` → ``what_if.eve``."""
    return f"{WHAT_IF}.{table.partition('.')[2]}"


def is_of_close(table: str) -> bool:
    """Say whether a table belongs to a close: what-ifs, days and calibrations stand beside it."""
    return table.partition(".")[0] not in (WHAT_IF, DAILY) and table not in CALIBRATED


_OPEN: dict[Path, Bank] = {}


def adopt_bank(config: Path, bank: Bank) -> None:
    """Make a bank that was opened otherwise the one of a settings file in this process."""
    _OPEN[config] = bank


def open_bank(config: Path) -> Bank:
    """Return the bank of a settings file; the same object for the same file in one process."""
    if config not in _OPEN:
        start_arrow()
        _OPEN[config] = Bank(load_settings(config))
    return _OPEN[config]

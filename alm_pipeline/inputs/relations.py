"""The YAML of a bank as relations of schema `inputs`, for SQL to join.

One function per relation, each an Arrow table with the columns and types of `SCHEMAS`, in a fixed
order of rows. The warehouse binds them read-only. What they mean is decided where they are read
(`inputs/curves.py`, `inputs/scenarios.py` …); nothing is calculated here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field

import pyarrow as pa

from alm_pipeline.errors import ConfigurationError
from alm_pipeline.inputs.assumptions import AssumptionBook
from alm_pipeline.inputs.behaviour import BehaviourRow, behaviour_rows
from alm_pipeline.inputs.curves import CurveBook
from alm_pipeline.inputs.early_warning import WARNING_SCHEMAS, warning_relations
from alm_pipeline.inputs.figures import Figures
from alm_pipeline.inputs.figures import outside_dates as outside_dates_of
from alm_pipeline.inputs.limits import LimitBook
from alm_pipeline.inputs.liquidity_packs import (
    LIQUIDITY_SCHEMAS,
    liquidity_relations,
    packs_in_use,
)
from alm_pipeline.inputs.liquidity_stress import STRESS_SCHEMAS, stress_relations
from alm_pipeline.inputs.models import Model, ModelBook
from alm_pipeline.inputs.pack_relations import PACK_SCHEMAS, pack_relations
from alm_pipeline.inputs.prepayment_terms import text_of_figures
from alm_pipeline.inputs.products import ProductMap
from alm_pipeline.inputs.relation_rows import Row, rows_table, schema_of
from alm_pipeline.inputs.scenarios import ScenarioBook
from alm_pipeline.inputs.time_buckets import TimeBuckets

__all__ = ["RELATION_FILES", "SCHEMAS", "BankFacts", "all_relations"]

SCHEMAS: dict[str, pa.Schema] = {
    "bank": schema_of(
        "group_entity_id bank_name reporting_currency source nii_base_path eve_margins"
    ),
    "members": schema_of("entity_id"),
    "products": schema_of(
        "product_code family balance_sheet_line side cash_flow_model behaviour_segment "
        "nmd_category new_business_margin_rate:double eve_treatment nii_treatment "
        "is_in_irrbb_scope:boolean exclusion_reason"
    ),
    "indices": schema_of("index_id currency curve_id tenor max_age_days:integer"),
    "curves": schema_of("curve_id currency role interpolation max_age_days:integer"),
    "quote_ages": schema_of("quote_kind max_age_days:integer"),
    "scenarios": schema_of("scenario kind pack shape is_closing:boolean"),
    "scenario_fx": schema_of("scenario currency translation_factor:double"),
    **PACK_SCHEMAS,
    **LIQUIDITY_SCHEMAS,
    **STRESS_SCHEMAS,
    **WARNING_SCHEMAS,
    "time_buckets": schema_of(
        "bucket_set slotted_by kept_by bucket:integer label lower_days:integer upper_days:integer "
        "midpoint_years:double"
    ),
    "limits": schema_of(
        "metric scope direction amber:double red:double unit status owner approver "
        "effective_from:date expires:date"
    ),
    "assumptions": schema_of(
        "assumption_id version:integer assumption segment parameter value:double unit rationale "
        "status source owner approver effective_from:date expires:date"
    ),
    "behaviour_parameters": schema_of(
        "scenario behaviour_segment annual_prepayment_rate:double prepayment_figures "
        "redemption_share:double "
        "drawn_share:double draw_months:integer core_share:double "
        "core_run_off_months:integer core_profile pass_through_up:double "
        "pass_through_down:double lag_months:integer rate_floor:double status"
    ),
    "models": schema_of(
        "model title purpose permitted_use products tier:integer status owner developer validator "
        "users modules assumptions inputs outputs limits limitations proofs tests last_review:date "
        "next_review:date n_open_findings:integer findings"
    ),
    "outside_dates": schema_of("item_kind item effective_from:date effective_to:date owner"),
    "not_delivered": schema_of("extract treatment reason owner"),
    "declared": schema_of("item value:double reason owner applies_to"),
}


RELATION_FILES: dict[str, tuple[str, ...]] = {
    "bank": ("alm.yaml",),
    "members": ("alm.yaml",),
    "products": ("products.yaml",),
    "indices": ("curves.yaml",),
    "curves": ("curves.yaml",),
    "quote_ages": ("curves.yaml",),
    "scenario_fx": ("scenarios/*.yaml", "alm.yaml"),
    "scenarios": ("scenarios/*.yaml", "alm.yaml"),
    **dict.fromkeys((*PACK_SCHEMAS, *LIQUIDITY_SCHEMAS), ("rules/*.yaml",)),
    **dict.fromkeys(STRESS_SCHEMAS, ("scenarios/*.yaml", "alm.yaml")),
    **dict.fromkeys(WARNING_SCHEMAS, ("early_warning.yaml", "contingency_plan.yaml")),
    "time_buckets": ("rules/time_buckets.yaml",),
    "limits": ("limits.yaml",),
    "assumptions": ("assumptions/*.yaml",),
    "behaviour_parameters": ("assumptions/*.yaml", "scenarios/*.yaml", "rules/*.yaml", "alm.yaml"),
    "outside_dates": (
        *("assumptions/*.yaml", "limits.yaml", "rules/*.yaml", "scenarios/*.yaml", "alm.yaml"),
    ),
    "models": ("models.yaml",),
    "not_delivered": ("sources/<source>/source.yaml",),
    "declared": ("sources/<source>/source.yaml",),
    "source_codes": ("sources/<source>/code_lists/*.csv",),
}
"""The files that people write each relation in: the bank's settings, else below data_contracts."""


@dataclass(frozen=True)
class BankFacts:
    """What the relations need from a bank's settings and from its source."""

    group_entity_id: str
    bank_name: str
    reporting_currency: str
    source: str
    nii_base_path: str
    eve_margins: str
    members: Sequence[str]
    closing_scenarios: Sequence[str]
    liquidity_packs: Sequence[str]
    not_delivered: Sequence[Row] = field(default_factory=tuple)
    declared: Sequence[Row] = field(default_factory=tuple)


def all_relations(
    figures: Figures, bank: BankFacts, as_of_date: dt.date, scenarios: Sequence[str] = ()
) -> dict[str, pa.Table]:
    """Return every relation of schema `inputs` by name.

    Parameters
    ----------
    figures
        What the YAML says.
    bank
        What the settings and the source say.
    as_of_date
        Bounds of buckets are counted from here; dates of figures are compared with it.
    scenarios
        What-ifs beside the closing scenarios for which behaviour is wanted.
    """
    names = list(dict.fromkeys([*bank.closing_scenarios, *scenarios]))
    return {
        "bank": bank_relation(bank),
        "members": members(bank.members),
        "products": products(figures.products),
        "indices": indices(figures.curves),
        "curves": curves(figures.curves),
        "quote_ages": quote_ages(figures.curves),
        "scenarios": scenarios_relation(figures.scenarios, bank.closing_scenarios),
        "scenario_fx": scenario_fx(figures.scenarios, names, bank.reporting_currency),
        **pack_relations(figures.packs, as_of_date),
        **liquidity_relations(packs_in_use(figures.liquidity, bank.liquidity_packs)),
        **stress_relations(figures.scenarios, tuple(bank.closing_scenarios)),
        **warning_relations(figures.warning, figures.contingency),
        "time_buckets": time_buckets(figures.time_buckets, as_of_date),
        "limits": limits(figures.limits),
        "assumptions": assumptions(figures.assumptions),
        "behaviour_parameters": behaviour_parameters(figures.assumptions, figures.scenarios, names),
        "models": models(figures.models),
        "outside_dates": outside_dates(figures, as_of_date, names, bank.liquidity_packs),
        "not_delivered": not_delivered(bank.not_delivered),
        "declared": declared(bank.declared),
    }


def bank_relation(bank: BankFacts) -> pa.Table:
    """Return one row: the bank and the definitions its reports print."""
    return _table("bank", [{name: getattr(bank, name) for name in SCHEMAS["bank"].names}])


def members(entity_ids: Iterable[str]) -> pa.Table:
    """Return one row per entity consolidated in the group."""
    return _table("members", ({"entity_id": one} for one in entity_ids))


def products(product_map: ProductMap) -> pa.Table:
    """Return one row per product code."""
    rows = product_map.products.items()
    return _table("products", ({"product_code": k, **row.model_dump()} for k, row in rows))


def indices(book: CurveBook) -> pa.Table:
    """Return one row per index: the tenor of a curve it is read from."""
    return _table(
        "indices",
        ({"index_id": k, "curve_id": v.curve, **v.model_dump()} for k, v in book.indices.items()),
    )


def curves(book: CurveBook) -> pa.Table:
    """Return one row per curve."""
    return _table("curves", ({"curve_id": k, **v.model_dump()} for k, v in book.curves.items()))


def quote_ages(book: CurveBook) -> pa.Table:
    """Return one row per kind of quote beside those of curves: how many days old it may be."""
    rows = book.max_age_days.model_dump().items()
    return _table("quote_ages", ({"quote_kind": k, "max_age_days": days} for k, days in rows))


def scenarios_relation(book: ScenarioBook, closing: Iterable[str]) -> pa.Table:
    """Return one row per scenario; pack and shape are null where no rule prescribes it.

    What a bank makes of a prescribed move is its own: it stands no supervisory test.
    """
    closing = set(closing)

    def row(name: str) -> Row:
        kind = book.scenarios[name].kind
        named = book.pack_and_shape(name) if kind == "regulatory" else None
        pack, shape = named or (None, None)
        return {
            "scenario": name,
            "kind": kind,
            "pack": pack,
            "shape": shape,
            "is_closing": name in closing,
        }

    return _table("scenarios", map(row, book.scenarios))


def scenario_fx(book: ScenarioBook, names: Iterable[str], reporting_currency: str) -> pa.Table:
    """Return one row per scenario and currency whose exchange rate it moves.

    Raises
    ------
    ConfigurationError
        If a scenario moves the currency that others are translated into.
    """
    rows: list[Row] = []
    for name in names:
        for currency, factor in sorted(book.translation_factors(name).items()):
            if currency == reporting_currency:
                raise ConfigurationError(
                    f"the scenario {name} moves {currency}, the reporting currency",
                    where=f"data_contracts/scenarios/{name}.yaml",
                    fix="move the other currencies against it",
                )
            rows.append({"scenario": name, "currency": currency, "translation_factor": factor})
    return _table("scenario_fx", rows)


def time_buckets(buckets: TimeBuckets, as_of_date: dt.date) -> pa.Table:
    """Return one row per bucket: `lower_days` < days from the as-of date <= `upper_days`.

    Buckets are numbered from 1. The first lower bound is -1, so that a flow on the as-of date is
    in the first bucket; the last upper bound is null, which is open.
    """
    rows: list[Row] = []
    for name, bucket_set in buckets.bucket_sets.items():
        days = [int(day) for day in bucket_set.upper_offsets(as_of_date)[:-1]]
        for number, bucket in enumerate(bucket_set.buckets):
            rows.append(
                {
                    "bucket_set": name,
                    "slotted_by": bucket_set.slotted_by,
                    "kept_by": bucket_set.kept_by,
                    "bucket": number + 1,
                    "label": bucket.label,
                    "lower_days": days[number - 1] if number else -1,
                    "upper_days": days[number] if number < len(days) else None,
                    "midpoint_years": bucket.midpoint_years,
                }
            )
    return _table("time_buckets", rows)


def limits(book: LimitBook) -> pa.Table:
    """Return one row per limit."""
    return _table("limits", (one.model_dump() for one in book.limits))


def assumptions(book: AssumptionBook) -> pa.Table:
    """Return one row per figure the committee decided."""
    return _table(
        "assumptions",
        (
            {
                **vars(one),
                **one.figure.model_dump(),
                "assumption_id": one.assumption_id,
                "source": str(one.figure.source),
            }
            for one in book.figures
        ),
    )


def behaviour_parameters(
    book: AssumptionBook, scenarios: ScenarioBook, names: Sequence[str]
) -> pa.Table:
    """Return one row per scenario and behaviour segment."""

    def as_row(row: BehaviourRow) -> Row:
        return {
            **asdict(row),
            "core_profile": " ".join(map(repr, row.core_profile)),
            "prepayment_figures": text_of_figures(row.prepayment_figures),
        }

    return _table("behaviour_parameters", map(as_row, behaviour_rows(book, scenarios, names)))


def models(book: ModelBook) -> pa.Table:
    """Return one row per model of the inventory, lists as text."""

    def row(name: str, model: Model) -> Row:
        listed = {k: "; ".join(v) for k, v in model if isinstance(v, list) and k != "findings"}
        open_ones = [one for one in model.findings if one.is_open]
        found = "; ".join(f"{one.severity}: {one.finding} ({one.owner})" for one in open_ones)
        return {
            **dict(model),
            **listed,
            "model": name,
            "findings": found,
            "n_open_findings": len(open_ones),
        }

    return _table("models", (row(name, model) for name, model in book.models.items()))


def outside_dates(
    figures: Figures, as_of_date: dt.date, names: Iterable[str], liquidity: Iterable[str]
) -> pa.Table:
    """Return one row per pack, assumption or limit used outside its dates."""
    found = outside_dates_of(figures, as_of_date, names, liquidity)
    return _table("outside_dates", map(asdict, found))


def not_delivered(rows: Iterable[Row]) -> pa.Table:
    """Return one row per extract the source declares it cannot deliver."""
    return _table("not_delivered", rows)


def declared(rows: Iterable[Row]) -> pa.Table:
    """Return one row per figure declared because it is not delivered."""
    return _table("declared", rows)


def _table(name: str, rows: Iterable[Row]) -> pa.Table:
    """Return rows as a table of the relation's schema; keys the schema lacks are left out."""
    return rows_table(SCHEMAS[name], rows)

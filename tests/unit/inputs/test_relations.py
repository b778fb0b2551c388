"""The `inputs` relations: columns and types as agreed, bounds of buckets, nulls."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pytest

from alm_pipeline.engine.arrays import MAX_OFFSET
from alm_pipeline.errors import ConfigurationError
from alm_pipeline.inputs.figures import Figures, load_figures
from alm_pipeline.inputs.products import undecided_products
from alm_pipeline.inputs.relations import SCHEMAS, BankFacts, all_relations, time_buckets
from alm_pipeline.inputs.time_buckets import engine_buckets, load_time_buckets
from alm_pipeline.inputs.yaml_places import yaml_place
from alm_pipeline.paths import DATA_CONTRACTS

AS_OF = dt.date(2026, 10, 31)
MAY_BE_NULL = {
    "lcr_rules": {"liq1_row", "reason"},
    "stresses": {"rate_scenario", "tested_within_days"},
    "nsfr_rules": {"liq2_row", "of_which_row", "reason"},
    "products": {"nmd_category", "exclusion_reason"},
    "scenarios": {"pack", "shape"},
    "rule_packs": {"threshold_share"},
    "time_buckets": {"upper_days"},
    "models": {"last_review"},
    "outside_dates": {"effective_to"},
    "hqla_rules": {"reason"},
}
BANK = BankFacts(
    group_entity_id="GROUP",
    bank_name="A bank",
    reporting_currency="USD",
    source="demo",
    nii_base_path="forward",
    eve_margins="excluded",
    members=["B1", "B2"],
    closing_scenarios=["base", "basel_2024_parallel_up"],
    liquidity_packs=["lcr_basel", "nsfr_basel"],
    not_delivered=[{"extract": "capital", "treatment": "waived", "reason": "no", "owner": "me"}],
    declared=[{"item": "rate", "value": 0.0, "reason": "no", "owner": "me", "applies_to": "loan"}],
)


@pytest.fixture(scope="module")
def figures() -> Figures:
    return load_figures()


@pytest.fixture(scope="module")
def relations(figures: Figures) -> dict[str, pa.Table]:
    return all_relations(figures, BANK, AS_OF, scenarios=["us_up_100"])


def test_every_relation_has_the_columns_and_types_agreed(relations):
    assert {name: table.schema for name, table in relations.items()} == SCHEMAS
    assert SCHEMAS["limits"].names == [
        "metric", "scope", "direction", "amber", "red", "unit", "status", "owner", "approver",
        "effective_from", "expires",
    ]  # fmt: skip


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_null_stands_only_where_it_has_a_meaning(relations, name):
    table = relations[name]
    nulls = {column for column in table.column_names if table[column].null_count}
    assert nulls <= MAY_BE_NULL.get(name, set())


@pytest.mark.parametrize("name", ["outside_dates"])
def test_nothing_is_outside_its_dates_at_the_demo_date(relations, name):
    assert relations[name].num_rows == 0


def test_a_pack_used_too_early_is_a_row(figures):
    table = all_relations(figures, BANK, dt.date(2025, 6, 30))["outside_dates"]
    assert table.to_pylist() == [
        {
            "item_kind": "rule_pack",
            "item": "basel_2024",
            "effective_from": dt.date(2026, 1, 1),
            "effective_to": None,
            "owner": "Basel Committee",
        }
    ]


def test_closing_scenarios_are_marked_and_have_behaviour_beside_the_what_ifs(relations):
    closing = {row["scenario"] for row in relations["scenarios"].to_pylist() if row["is_closing"]}
    assert closing == {"base", "basel_2024_parallel_up"}
    with_behaviour = set(relations["behaviour_parameters"]["scenario"].to_pylist())
    assert with_behaviour == closing | {"us_up_100"}


def test_bounds_of_buckets_count_calendar_months_from_the_as_of_date():
    rows = [
        row
        for row in time_buckets(load_time_buckets(), AS_OF).to_pylist()
        if row["bucket_set"] == "irrbb"
    ]
    assert [row["bucket"] for row in rows] == list(range(1, 20))
    # 31 October 2026: 1 November 1, 30 November 30, 31 January 92, 30 April 181, 31 July 273,
    # 31 October 2027 365, 30 April 2028 547, 31 October 2028 731 (a leap day)
    assert [row["upper_days"] for row in rows[:8]] == [1, 30, 92, 181, 273, 365, 547, 731]
    assert rows[0]["lower_days"] == -1
    assert rows[-1]["upper_days"] is None


@pytest.mark.parametrize("bucket_set", ["irrbb", "board", "liquidity", "additional_monitoring"])
def test_every_day_is_in_exactly_one_bucket_and_a_bound_in_the_one_it_closes(bucket_set):
    rows = [
        row
        for row in time_buckets(load_time_buckets(), AS_OF).to_pylist()
        if row["bucket_set"] == bucket_set
    ]

    def buckets_of(day: int) -> list[int]:
        return [
            row["bucket"]
            for row in rows
            if row["lower_days"] < day and (row["upper_days"] is None or day <= row["upper_days"])
        ]

    for row in rows[:-1]:
        assert buckets_of(row["upper_days"]) == [row["bucket"]]
        assert buckets_of(row["upper_days"] + 1) == [row["bucket"] + 1]
    assert buckets_of(0) == [1]
    assert buckets_of(40_000) == [len(rows)]


def test_the_engine_gets_the_same_bounds_as_sql():
    sets = {one.name: one for one in engine_buckets(load_time_buckets(), AS_OF)}
    rows = time_buckets(load_time_buckets(), AS_OF).to_pylist()
    for name in ("irrbb", "board", "liquidity", "additional_monitoring"):
        bounds = [row["upper_days"] for row in rows if row["bucket_set"] == name]
        assert sets[name].upper_offset.tolist() == [*bounds[:-1], MAX_OFFSET]
        assert sets[name].is_by_repricing == (name in ("irrbb", "board"))


def test_the_liquidity_ladder_has_the_agreed_bounds():
    rows = [
        row
        for row in time_buckets(load_time_buckets(), AS_OF).to_pylist()
        if row["bucket_set"] == "liquidity"
    ]
    assert [row["upper_days"] for row in rows[:5]] == [1, 7, 14, 30, 61]
    assert len(rows) == 13


def test_the_ladder_of_the_additional_metrics_is_daily_for_a_week():
    rows = [
        row
        for row in time_buckets(load_time_buckets(), AS_OF).to_pylist()
        if row["bucket_set"] == "additional_monitoring"
    ]
    # 31 October 2026: days 1 to 7, two and three weeks, thirty days, five weeks; then 31 December
    # 61, 31 January 92, 28 February 120, 31 March 151, 30 April 181, 31 July 273, a year 365, two
    # 731, five (31 October 2031, one more leap day) 1826
    assert [row["upper_days"] for row in rows] == [
        *range(1, 8), 14, 21, 30, 35, 61, 92, 120, 151, 181, 273, 365, 731, 1826, None,
    ]  # fmt: skip


def test_the_status_of_a_threshold_is_the_weaker_of_level_and_weights(relations):
    status = {
        (row["pack"], row["measure"]): row["status"] for row in relations["rule_packs"].to_pylist()
    }
    assert status["basel_2024", "eve"] == "verified"
    assert status["eu_2024", "eve"] == "secondary"


def test_a_product_with_an_unknown_curve_is_refused(tmp_path: Path):
    text = (DATA_CONTRACTS / "products.yaml").read_text(encoding="utf-8")
    text = text.replace("EUR: eur_ois}", "EUR: usd_ois}", 1)
    (tmp_path / "products.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_figures(tmp_path)
    assert "curve usd_ois is no curve of EUR" in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("side: asset", "side: debit", "side"),
        ("cash_flow_model: bullet", "cash_flow_model: balloon", "cash_flow_model"),
        ("nmd_category: null", "nmd_category: wholesale", "an nmd_category belongs to"),
        (
            "exclusion_reason: null",
            "exclusion_reason: because",
            "a product in scope has no exclusion_reason",
        ),
        ("is_in_irrbb_scope: true", "is_in_irrbb_scope: false", "gives its exclusion_reason"),
        ("    side: asset\n", "", "side: Field required"),
    ],
)
def test_a_product_that_contradicts_itself_is_refused(tmp_path: Path, old, new, words):
    text = (DATA_CONTRACTS / "products.yaml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "products.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_figures(tmp_path)
    assert words in str(caught.value)


def test_an_index_of_a_curve_in_another_currency_is_refused(tmp_path: Path):
    text = (DATA_CONTRACTS / "curves.yaml").read_text(encoding="utf-8")
    wrong = text.replace("EUR_ADMIN: {currency: EUR", "EUR_ADMIN: {currency: USD")
    (tmp_path / "curves.yaml").write_text(wrong, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="EUR_ADMIN names curve eur_ois"):
        load_figures(tmp_path)


def test_a_limit_that_stands_twice_is_refused(tmp_path: Path):
    text = (DATA_CONTRACTS / "limits.yaml").read_text(encoding="utf-8")
    (tmp_path / "limits.yaml").write_text(
        text.replace("scope: us_down_100", "scope: us_up_100"), encoding="utf-8"
    )
    with pytest.raises(ConfigurationError, match="limits that stand twice"):
        load_figures(tmp_path)


@pytest.mark.parametrize(
    ("file", "segment", "fault"),
    [
        ("deposits", "retail_savings", "retail_savings: no deposits assumption"),
        ("deposits", "card", "credit_card: no deposits assumption"),
        ("prepayment", "card", "credit_card: no prepayment assumption"),
        ("prepayment", "sme", "sme_loan: no prepayment assumption"),
        ("early_withdrawal", "retail_term", "retail_term_deposit: no early_withdrawal assumption"),
    ],
)
def test_a_product_whose_behaviour_nobody_decided_is_named(file, segment, fault):
    figures = load_figures()
    decided = figures.assumptions.decided
    assert undecided_products(figures.products, decided) == []
    found = undecided_products(figures.products, decided - {(file, segment)})
    assert [fault in one for one in found] == [True]


def rows_of(table: pa.Table, **where: object) -> list[dict[str, object]]:
    return [r for r in table.to_pylist() if all(r[k] == v for k, v in where.items())]


def test_shapes_of_the_outlier_test_are_numbered_in_the_order_of_the_template(relations):
    # BCBS d368 table B; DIS70 template IRRBB1: the two parallel shocks first
    rows = rows_of(relations["shock_shapes"], pack="basel_2024", has_outlier_test=True)
    assert [r["shape"] for r in sorted(rows, key=lambda r: str(r["shape_number"]))] == [
        "parallel_up", "parallel_down", "steepener", "flattener", "short_up", "short_down",
    ]  # fmt: skip


def test_a_parallel_shock_is_the_size_of_the_pack_times_the_shape(relations):
    # BCBS d578 table 2: EUR 225; 2010 advisory: 400 bp is four times the unit shift
    shocks = relations["parallel_shocks"]
    (euro,) = rows_of(shocks, pack="basel_2024", shape="parallel_down", currency="EUR")
    assert (euro["shock_factor"], euro["unit_shock_bp"]) == (-1.0, 225.0)
    (dollar,) = rows_of(shocks, pack="us", shape="up_400", currency="USD")
    assert (dollar["shock_factor"], dollar["unit_shock_bp"]) == (4.0, 100.0)
    assert rows_of(shocks, pack="basel_2024", shape="steepener") == []


def test_shares_of_credit_unions_have_the_prices_of_the_letter(relations):
    (row,) = relations["nev_tests"].to_pylist()
    assert (row["share_price_base"], row["share_price_shocked"]) == (0.99, 0.9504)


def test_a_figure_in_a_list_of_blocks_is_found_by_the_key_its_block_has(tmp_path: Path):
    file = tmp_path / "pack.yaml"
    file.write_text("sizes:\n  - parallel: {USD: 100}\n  - parallel: {EUR: 90}\n")
    place = yaml_place(file, "sizes[parallel.EUR].parallel.EUR")
    assert (place.line, place.written) == (3, "90")
    with pytest.raises(ConfigurationError, match="leads to no figure"):
        yaml_place(file, "sizes[parallel.GBP].parallel.GBP")

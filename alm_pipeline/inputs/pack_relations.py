"""What the rule packs say, as relations of schema `inputs`, for SQL to join.

Sizes of shocks that bend a curve are not among them: the engine moves curves, SQL reads the result.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pyarrow as pa

from alm_pipeline.inputs.records import worst_status
from alm_pipeline.inputs.relation_rows import Row, rows_table, schema_of
from alm_pipeline.inputs.rule_packs import Measure, RulePack

__all__ = ["PACK_SCHEMAS", "pack_relations"]

PACK_SCHEMAS: dict[str, pa.Schema] = {
    "rule_packs": schema_of(
        "pack measure threshold_share:double gain_weight:double loss_weight:double status source"
    ),
    "shock_shapes": schema_of(
        "pack shape shape_number:integer has_outlier_test:boolean ramp_months:integer"
    ),
    "parallel_shocks": schema_of("pack shape currency shock_factor:double unit_shock_bp:double"),
    "narrow_bands": schema_of("pack measure currency band_side gain_weight:double status"),
    "nev_tests": schema_of(
        "pack share_price_base:double share_price_shocked:double ratio_low:double "
        "ratio_high:double decline_low:double decline_high:double status"
    ),
}


def pack_relations(packs: Mapping[str, RulePack], as_of_date: dt.date) -> dict[str, pa.Table]:
    """Return every relation of the packs by name."""
    return {
        "rule_packs": rule_packs(packs),
        "shock_shapes": shock_shapes(packs),
        "parallel_shocks": parallel_shocks(packs),
        "narrow_bands": narrow_bands(packs, as_of_date),
        "nev_tests": nev_tests(packs),
    }


def rule_packs(packs: Mapping[str, RulePack]) -> pa.Table:
    """Return two rows per pack, eve and nii; the threshold is null where the regime has no test."""

    def row(name: str, measure_name: str, measure: Measure) -> Row:
        test, weights = measure.outlier_test, measure.aggregation
        parts = [weights] if test is None else [test, weights]
        return {
            "pack": name,
            "measure": measure_name,
            "threshold_share": None if test is None else test.threshold_share,
            "gain_weight": weights.gain_weight,
            "loss_weight": weights.loss_weight,
            "status": worst_status(part.status for part in parts),
            "source": "; ".join(dict.fromkeys(str(part.source) for part in parts)),
        }

    return rows_table(
        PACK_SCHEMAS["rule_packs"],
        (
            row(name, measure_name, measure)
            for name, pack in packs.items()
            for measure_name, measure in (("eve", pack.measures.eve), ("nii", pack.measures.nii))
        ),
    )


def shock_shapes(packs: Mapping[str, RulePack]) -> pa.Table:
    """Return one row per shape of a pack; those of its outlier test are numbered in its order."""

    def row(name: str, pack: RulePack, shape: str) -> Row:
        test = pack.measures.eve.outlier_test
        tested = [] if test is None else test.shapes
        order = [*tested, *(one for one in pack.shapes.coefficients if one not in tested)]
        return {
            "pack": name,
            "shape": shape,
            "shape_number": order.index(shape) + 1,
            "has_outlier_test": shape in tested,
            "ramp_months": pack.ramp_months(shape),
        }

    return rows_table(
        PACK_SCHEMAS["shock_shapes"],
        (row(n, pack, shape) for n, pack in packs.items() for shape in pack.shapes.coefficients),
    )


def parallel_shocks(packs: Mapping[str, RulePack]) -> pa.Table:
    """Return one row per pack, parallel shape and currency: the pack's size and how much of it."""
    return rows_table(
        PACK_SCHEMAS["parallel_shocks"],
        (
            {
                "pack": name,
                "shape": shape,
                "currency": currency,
                "shock_factor": row.parallel,
                "unit_shock_bp": size,
            }
            for name, pack in packs.items()
            for shape, row in pack.shapes.coefficients.items()
            if row.parallel != 0.0 and row.short == row.long == 0.0
            for block in pack.shock_size_bp
            for currency, size in block.parallel.items()
        ),
    )


def narrow_bands(packs: Mapping[str, RulePack], as_of_date: dt.date) -> pa.Table:
    """Return one row per pack, measure and currency of a narrow band in force, its anchor too.

    The status is that of the band and of the ordinary weights together.
    """
    rows: list[Row] = []
    for name, pack in packs.items():
        for measure_name, measure in (("eve", pack.measures.eve), ("nii", pack.measures.nii)):
            weights, band = measure.aggregation, measure.aggregation.narrow_band
            if band is None:
                continue
            held = [one for one, dates in band.currencies.items() if dates.is_in_force(as_of_date)]
            test = measure.outlier_test
            parts = [band, weights] if test is None else [band, weights, test]
            for side, currencies in (("anchor", [band.anchor]), ("member", held)):
                rows += [
                    {
                        "pack": name,
                        "measure": measure_name,
                        "currency": currency,
                        "band_side": side,
                        "gain_weight": band.gain_weight,
                        "status": worst_status(part.status for part in parts),
                    }
                    for currency in currencies
                ]
    return rows_table(PACK_SCHEMAS["narrow_bands"], rows)


def nev_tests(packs: Mapping[str, RulePack]) -> pa.Table:
    """Return one row per pack with a test of net economic value: its prices and levels."""
    return rows_table(
        PACK_SCHEMAS["nev_tests"],
        (
            {"pack": name, **pack.nev_test.model_dump()}
            for name, pack in packs.items()
            if pack.nev_test is not None
        ),
    )

"""The product map: how each product code is modelled, classified and reported.

Answers, for every product code of `data_contracts/products.yaml` or of the bank's overlay, which
side and line it belongs to, which cash-flow model and behaviour segment it takes and which curves
value it. Which positions carry the code is SQL; what a segment does is `inputs/assumptions.py`.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from alm_pipeline.inputs.curves import CurveBook
from alm_pipeline.inputs.records import Currency, Name, Problems, Record
from alm_pipeline.inputs.rule_packs import NmdCategory
from alm_pipeline.inputs.yaml_files import contract_file

__all__ = [
    "Product",
    "ProductMap",
    "load_products",
    "product_faults",
    "read_products",
    "undecided_products",
]

CashFlowModel = Literal[
    "bullet",
    "annuity",
    "linear",
    "interest_only_then_annuity",
    "non_maturity",
    "revolving",
    "swap_leg",
    "cap_floor",
    "commitment",
    "non_performing",
    "balance_only",
]
_WITHOUT_BEHAVIOUR = ("non_performing", "balance_only")
EveTreatment = Literal[
    "in", "out_own_funds", "out_fixed_assets", "out_deducted", "out_not_rate_sensitive"
]


class Product(Record):
    """One product code."""

    about: str | None = None
    family: Name
    balance_sheet_line: Name
    side: Literal["asset", "liability", "off_balance", "equity"]
    cash_flow_model: CashFlowModel
    behaviour_segment: Name
    nmd_category: NmdCategory | None
    discount_curve: dict[Currency, Name] | None
    projection_curve: dict[Currency, Name] | None
    new_business_margin_rate: float = Field(ge=-1.0, le=1.0)
    eve_treatment: EveTreatment
    nii_treatment: Literal["constant_balance", "none"]
    is_in_irrbb_scope: bool
    exclusion_reason: str | None

    @model_validator(mode="after")
    def _parts_agree(self) -> Product:
        faults = []
        if not self.is_in_irrbb_scope and not self.exclusion_reason:
            faults.append("a product out of scope gives its exclusion_reason")
        if self.is_in_irrbb_scope and self.exclusion_reason:
            faults.append("a product in scope has no exclusion_reason")
        if self.nmd_category is not None and self.cash_flow_model != "non_maturity":
            faults.append("an nmd_category belongs to the cash-flow model non_maturity")
        if self.cash_flow_model != "balance_only" and not self.discount_curve:
            faults.append("a product with cash flows names a discount_curve by currency")
        if faults:
            raise ValueError("; ".join(faults))
        return self


class ProductMap(Record):
    """All product codes of a bank."""

    about: str
    products: dict[Name, Product] = Field(min_length=1)


def load_products(overlay: Path | None = None) -> ProductMap:
    """Return the product map of a bank, or raise every problem of the file at once."""
    problems = Problems()
    return problems.settled(read_products(problems, overlay))


def read_products(problems: Problems, overlay: Path | None = None) -> ProductMap | None:
    """Return the product map; what is wrong with it is added to `problems`."""
    return problems.read(ProductMap, contract_file("products.yaml", overlay))


def product_faults(
    products: ProductMap,
    curves: CurveBook,
    nmd_categories: Mapping[str, str | None],
) -> list[str]:
    """Return every product that names a category or curve that does not exist.

    Parameters
    ----------
    products, curves
        The product map and the curves it may name.
    nmd_categories
        Regulatory category of each deposit segment.
    """
    faults = []
    for code, product in products.products.items():
        segment = product.behaviour_segment
        is_decided = segment in nmd_categories  # without a segment its positions stop, not the bank
        category = product.nmd_category
        if is_decided and category is not None and nmd_categories[segment] != category:
            faults.append(
                f"{code}: nmd_category {product.nmd_category} but segment {segment} is assumed "
                f"for {nmd_categories.get(segment)}"
            )
        faults += [f"{code}: {fault}" for fault in _curve_faults(product, curves)]
    return faults


def undecided_products(products: ProductMap, decided: Container[tuple[str, str]]) -> list[str]:
    """Return every product whose behaviour nobody decided; its positions would have no value.

    Parameters
    ----------
    products
        The product map.
    decided
        File and segment of every assumption. Which files a position needs is decided in
        `sql/50_behaviour/unassigned_positions.sql`, which judges positions as this does products.
    """
    return [
        f"{code}: no {file} assumption for the segment {product.behaviour_segment}"
        for code, product in products.products.items()
        for file in _needed_assumptions(product)
        if (file, product.behaviour_segment) not in decided
    ]


def _needed_assumptions(product: Product) -> tuple[str, ...]:
    if product.behaviour_segment == "none" or product.cash_flow_model in _WITHOUT_BEHAVIOUR:
        return ()
    if product.cash_flow_model == "commitment":
        return ("drawdown",)
    if product.cash_flow_model == "non_maturity":
        return ("deposits",)
    if product.cash_flow_model == "revolving":
        return ("deposits", "prepayment")
    return ("early_withdrawal",) if product.side == "liability" else ("prepayment",)


def _curve_faults(product: Product, curves: CurveBook) -> list[str]:
    named = [
        (currency, curve_id)
        for choice in (product.discount_curve, product.projection_curve)
        for currency, curve_id in (choice or {}).items()
    ]
    return [
        f"curve {curve_id} is no curve of {currency}"
        for currency, curve_id in dict.fromkeys(named)
        if curve_id not in curves.of_currency(currency)
    ]

"""Which history tables are studied with which methods; how they are read is somebody else's."""

from __future__ import annotations

from dataclasses import dataclass

from alm_pipeline.calibration.deposit_rates import ErrorCorrection, PathRegression
from alm_pipeline.calibration.deposit_volumes import CohortDecay, MinimumVolume, TrendCore
from alm_pipeline.calibration.prepayment import PooledRates, RefinancingCurve
from alm_pipeline.calibration.records import Method
from alm_pipeline.calibration.withdrawals import EarlyWithdrawal, LineUsage

__all__ = ["HOLD_OUT_MONTHS", "PLANS", "Plan"]

HOLD_OUT_MONTHS = 24


@dataclass(frozen=True)
class Plan:
    """What is read of one history table and how it is studied.

    Attributes
    ----------
    columns : tuple[str, ...]
        Read besides ``month`` and the columns of the key.
    order : str
        Orders the rows of one month.
    """

    subject: str
    table: str
    columns: tuple[str, ...]
    methods: tuple[Method, ...]
    has_entity: bool = True
    order: str = "month"

    @property
    def key(self) -> tuple[str, ...]:
        """Return the columns that tell series apart."""
        return ("product_code", "currency", *(("entity_id",) if self.has_entity else ()))


PLANS = (
    Plan(
        "deposit_rate",
        "staging.hist_deposit_rate",
        ("posted_rate", "index_rate"),
        (PathRegression(), ErrorCorrection()),
        has_entity=False,
    ),
    Plan(
        "deposit_volume",
        "staging.hist_deposit_balance",
        ("vintage", "balance_amount"),
        (MinimumVolume(), TrendCore(), CohortDecay()),
        order="month, cohort_id",
    ),
    Plan(
        "prepayment",
        "staging.hist_loan_month",
        (
            *("cohort_id", "vintage", "opening_amount", "scheduled_amount", "prepaid_amount"),
            *("coupon_rate", "market_rate", "age_months"),
        ),
        (PooledRates("cohort"), PooledRates("age"), RefinancingCurve()),
        order="month, cohort_id",
    ),
    Plan(
        "early_withdrawal",
        "staging.hist_term_deposit",
        ("opening_amount", "broken_amount", "matured_amount", "rolled_amount", "rate_gap"),
        (EarlyWithdrawal(),),
    ),
    Plan(
        "line_usage",
        "staging.hist_commitment",
        ("limit_amount", "drawn_amount"),
        (LineUsage(),),
    ),
)

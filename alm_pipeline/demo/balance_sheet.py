"""What the demo bank holds: shares of the balance sheet, terms and prices of every product.

This is the one module to tune. `share` is per cent of the group's assets, reached at the last month
end written whatever the number of positions; `count_share` is per cent of the positions. Sizes,
ages and terms are drawn elsewhere and scaled to these figures, so ratios do not depend on the
number of positions.

To move a ratio: LCR and NSFR with the shares of bonds, reserves and non-operational deposits;
delta EVE with `swap_pay_fixed` against `swap_receive_fixed` and the terms of mortgages and bonds;
delta NII with the same swaps at short terms, `corporate_loan` and term deposits; the margin with
`margin`; equity with `EQUITY_SHARE`. Retail deposits take up the rest of the balance sheet.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

ENTITIES = ("BANK", "EUBANK")
HOME_CURRENCY = (0, 1)

ASSETS_PER_POSITION_USD = 60_000.0
EQUITY_SHARE = 0.094  # of the entity's assets
RESERVE_SHARE = 0.050  # central-bank reserves, of the entity's assets
MONTHLY_PROFIT_SHARE = 0.0006  # of assets, added to retained earnings each month
CASH_SHARE = 0.008
FIXED_ASSETS_SHARE = 0.010
INTANGIBLES_SHARE = 0.003
DEFERRED_TAX_SHARE = 0.003
EQUITY_HOLDING_SHARE = 0.004
OTHER_ASSETS_SHARE = 0.008
OTHER_LIABILITIES_SHARE = 0.010
PROVISIONS_SHARE = 0.003
INSURED_LIMIT = (250_000, 100_000)  # in USD and EUR

# Split of a product over (entity, currency): BANK USD, BANK EUR, EUBANK USD, EUBANK EUR.
EVERYWHERE = (0.595, 0.055, 0.045, 0.305)
AT_HOME = (0.65, 0.0, 0.0, 0.35)
HEDGED = (0.58, 0.0, 0.0, 0.42)  # the European entity hedges more of its mortgages
US_ONLY = (1.0, 0.0, 0.0, 0.0)
INTRAGROUP = (0.0, 1.0, 0.0, 0.0)
CELLS = ((0, 0), (0, 1), (1, 0), (1, 1))


@dataclass(frozen=True, kw_only=True)
class Product:
    """Targets and terms of one product; rates are decimals, terms months unless `in_days`."""

    code: str
    extract: str
    share: float
    count_share: float
    gl_account: str
    kind: str  # loan_type, security_type, deposit_type, nmd_type ...
    shape: str  # bullet annuity linear interest_only open nmd impaired
    rate: str  # fixed floating administered zero
    terms: tuple[int, ...] = (12,)
    margin: tuple[float, float] = (0.0, 0.0)  # over the market rate, USD and EUR
    margin_width: float = 0.0
    mix: tuple[float, float, float, float] = EVERYWHERE
    minimum: int = 8  # contracts in a main cell, at least
    size_sigma: float = 0.6  # deviation of the logarithm of the size
    in_days: bool = False
    close_rate: float = 0.0  # early ends, per year
    payment_months: int = 1  # 0: once, at maturity
    rate_term_share: float = 0.5  # the market rate is read at this share of the term
    day_count: tuple[str, str] = ("30_360", "30e_360")
    accounting: str = "amortised_cost"
    customers: str = "retail"
    risk_weight: float = 1.0
    fee_share: float = 0.0
    impairment_share: float = 0.0
    convention: tuple[str, str] = ("none", "none")  # business days, calendar
    options: frozenset[str] = field(default_factory=frozenset)

    @property
    def side(self) -> str:
        """Asset or liability, from the extract."""
        return "asset" if self.extract in ("loan", "security") else "liability"


def _bond(code: str, share: float, gl: str, kind: str, accounting: str, **terms: Any) -> Product:
    given: dict[str, Any] = {
        "count_share": 0.12,
        "shape": "bullet",
        "rate": "fixed",
        "terms": (24, 36, 60, 84, 120),
        "minimum": 12,
        "size_sigma": 0.35,
        "payment_months": 6,
        "rate_term_share": 1.0,
        "day_count": ("act_act_isda", "act_act_isda"),
        "convention": ("following", "target"),
        "customers": "issuer",
        "fee_share": 0.002,
    }
    return Product(
        code=code,
        extract="security",
        share=share,
        gl_account=gl,
        kind=kind,
        accounting=accounting,
        **(given | terms),
    )


# fmt: off
SECURITIES = (
    _bond("sovereign_bond_htm", 4.0, "10310", "sovereign", "htm", risk_weight=0.0),
    _bond("sovereign_bond_afs", 4.0, "10320", "sovereign", "afs", risk_weight=0.0,
          terms=(24, 36, 48, 60, 84)),
    _bond("agency_bond", 2.5, "10330", "agency", "afs", risk_weight=0.2, margin=(0.004, 0.003),
          day_count=("30_360", "30e_360")),
    _bond("covered_bond", 2.0, "10340", "covered", "htm", risk_weight=0.2, payment_months=12,
          margin=(0.005, 0.004)),
    _bond("corporate_bond", 4.0, "10350", "corporate", "afs", margin=(0.012, 0.011),
          margin_width=0.006, day_count=("30_360", "30e_360")),
)

LOANS = (
    Product(code="interbank_placement", extract="loan", share=4.0, count_share=0.05,
            gl_account="10210", kind="interbank_placement", shape="bullet", rate="fixed",
            terms=(35, 62, 95, 130, 185), in_days=True, payment_months=0, margin=(0.001, 0.001),
            day_count=("act_360", "act_360"), customers="bank", size_sigma=0.35, risk_weight=0.2,
            rate_term_share=1.0),
    Product(code="reverse_repo", extract="loan", share=2.5, count_share=0.04, gl_account="10220",
            kind="reverse_repo", shape="bullet", rate="fixed", terms=(9, 16, 23, 45), in_days=True,
            payment_months=0, margin=(0.0005, 0.0005), day_count=("act_360", "act_360"),
            customers="bank", size_sigma=0.35, risk_weight=0.1, rate_term_share=1.0),
    Product(code="intragroup_loan", extract="loan", share=1.0, count_share=0.0,
            gl_account="10280", kind="intragroup", shape="bullet", rate="fixed", terms=(60,),
            minimum=1, mix=INTRAGROUP, margin=(0.008, 0.008), payment_months=6,
            rate_term_share=1.0, customers="intragroup", risk_weight=0.0, size_sigma=0.0),
    Product(code="mortgage_fixed", extract="loan", share=20.0, count_share=6.0,
            gl_account="10410", kind="mortgage_res", shape="annuity", rate="fixed",
            terms=(120, 180, 180, 240, 300), close_rate=0.075, margin=(0.016, 0.016),
            margin_width=0.003, risk_weight=0.35, fee_share=-0.003, impairment_share=0.001,
            options=frozenset({"collateral", "curtail"})),
    Product(code="mortgage_interest_only", extract="loan", share=2.0, count_share=0.5,
            gl_account="10420", kind="mortgage_res", shape="interest_only", rate="fixed",
            terms=(240, 300, 360), close_rate=0.09, margin=(0.0195, 0.0175), margin_width=0.003,
            risk_weight=0.5, fee_share=-0.003, impairment_share=0.0015,
            options=frozenset({"collateral"})),
    Product(code="mortgage_floating", extract="loan", share=10.5, count_share=1.9,
            gl_account="10430", kind="mortgage_res", shape="annuity", rate="floating",
            terms=(180, 240, 300, 360), close_rate=0.15, margin=(0.018, 0.015),
            margin_width=0.003, risk_weight=0.4, fee_share=-0.002, impairment_share=0.001,
            options=frozenset({"collateral", "cap", "floor"})),
    Product(code="mortgage_teaser", extract="loan", share=2.0, count_share=0.5,
            gl_account="10440", kind="mortgage_res", shape="annuity", rate="floating",
            terms=(240, 300, 360), close_rate=0.15, margin=(0.021, 0.017), margin_width=0.002,
            risk_weight=0.5, fee_share=-0.002, impairment_share=0.0015,
            options=frozenset({"collateral", "cap", "teaser"})),
    Product(code="consumer_loan", extract="loan", share=3.5, count_share=8.0, gl_account="10510",
            kind="consumer", shape="annuity", rate="fixed", terms=(24, 36, 48, 60, 84),
            close_rate=0.10, margin=(0.050, 0.048), margin_width=0.02, risk_weight=0.75,
            impairment_share=0.012),
    Product(code="auto_loan", extract="loan", share=3.0, count_share=5.0, gl_account="10520",
            kind="auto", shape="annuity", rate="fixed", terms=(36, 48, 60, 72), close_rate=0.10,
            margin=(0.031, 0.027), margin_width=0.01, risk_weight=0.75, impairment_share=0.006,
            options=frozenset({"collateral"})),
    Product(code="credit_card", extract="loan", share=1.6, count_share=8.0, gl_account="10530",
            kind="card", shape="open", rate="fixed", terms=(120,), margin=(0.105, 0.095),
            margin_width=0.03, risk_weight=0.75, impairment_share=0.03, rate_term_share=0.1,
            day_count=("act_365f", "act_365f"), size_sigma=0.9,
            options=frozenset({"revolving"})),
    Product(code="overdraft", extract="loan", share=0.7, count_share=3.0, gl_account="10540",
            kind="overdraft", shape="open", rate="administered", terms=(120,),
            margin=(0.075, 0.07), margin_width=0.01, risk_weight=0.75, impairment_share=0.02,
            day_count=("act_365f", "act_365f"), size_sigma=0.9,
            options=frozenset({"revolving"})),
    Product(code="sme_loan", extract="loan", share=7.0, count_share=1.6, gl_account="10610",
            kind="sme", shape="linear", rate="fixed", terms=(36, 60, 84, 120), close_rate=0.04,
            payment_months=3, margin=(0.0275, 0.024), margin_width=0.008, risk_weight=0.85,
            fee_share=-0.002, impairment_share=0.008, customers="small_business",
            day_count=("act_365f", "act_365f")),
    Product(code="corporate_loan", extract="loan", share=12.0, count_share=0.5,
            gl_account="10620", kind="corporate", shape="bullet", rate="floating",
            terms=(24, 36, 60, 84), close_rate=0.05, payment_months=3, margin=(0.021, 0.019),
            margin_width=0.006, minimum=14, customers="corporate", impairment_share=0.006,
            fee_share=-0.002, day_count=("act_360", "act_360"),
            convention=("modified_following", "target"), options=frozenset({"floor"})),
    Product(code="non_performing_loan", extract="loan", share=0.8, count_share=0.25,
            gl_account="10690", kind="corporate", shape="impaired", rate="fixed", terms=(84,),
            close_rate=0.35, margin=(0.03, 0.03), margin_width=0.01, risk_weight=1.5,
            impairment_share=0.42, customers="small_business"),
)

TERM_DEPOSITS = (
    Product(code="retail_term_deposit", extract="deposit_term", share=11.0, count_share=7.0,
            gl_account="20310", kind="retail_td", shape="bullet", rate="fixed",
            terms=(3, 6, 12, 12, 18, 24, 36, 60), payment_months=0, margin=(-0.005, -0.004),
            margin_width=0.002, rate_term_share=1.0, day_count=("act_365f", "act_365f"),
            close_rate=0.03),
    Product(code="corporate_term_deposit", extract="deposit_term", share=5.0, count_share=0.4,
            gl_account="20320", kind="corporate_td", shape="bullet", rate="fixed",
            terms=(1, 3, 6, 9, 12), payment_months=0, margin=(-0.0025, -0.0025),
            margin_width=0.001, rate_term_share=1.0, day_count=("act_360", "act_360"),
            customers="corporate", minimum=14),
)

BORROWINGS = (
    Product(code="interbank_borrowing", extract="borrowing", share=1.0, count_share=0.03,
            gl_account="20110", kind="interbank", shape="bullet", rate="fixed",
            terms=(20, 40, 95, 185), in_days=True, payment_months=0, margin=(0.0008, 0.0008),
            day_count=("act_360", "act_360"), customers="bank", size_sigma=0.3,
            rate_term_share=1.0),
    Product(code="repo", extract="borrowing", share=2.0, count_share=0.03, gl_account="20120",
            kind="repo", shape="bullet", rate="fixed", terms=(9, 16, 30, 60, 95), in_days=True,
            payment_months=0, margin=(0.0005, 0.0005), day_count=("act_360", "act_360"),
            customers="bank", size_sigma=0.3, rate_term_share=1.0,
            options=frozenset({"secured"})),
    Product(code="home_loan_bank_advance", extract="borrowing", share=2.2, count_share=0.03,
            gl_account="20130", kind="fhlb", shape="bullet", rate="fixed", terms=(12, 24, 36, 60),
            payment_months=3, margin=(0.003, 0.003), mix=US_ONLY, day_count=("act_360", "act_360"),
            customers="pse", size_sigma=0.3, rate_term_share=1.0, minimum=12,
            options=frozenset({"secured"})),
    Product(code="senior_debt", extract="borrowing", share=3.5, count_share=0.04,
            gl_account="20410", kind="senior", shape="bullet", rate="fixed",
            terms=(24, 36, 60, 84), payment_months=6, margin=(0.009, 0.008), customers="investor",
            size_sigma=0.3, rate_term_share=1.0, convention=("following", "target"),
            minimum=12, mix=AT_HOME, fee_share=-0.002),
    Product(code="covered_bond_issued", extract="borrowing", share=2.5, count_share=0.02,
            gl_account="20420", kind="covered", shape="bullet", rate="fixed",
            terms=(60, 84, 120), payment_months=12, margin=(0.004, 0.0035),
            customers="investor", size_sigma=0.3, rate_term_share=1.0, mix=AT_HOME,
            day_count=("act_act_isda", "act_act_isda"), convention=("following", "target"),
            fee_share=-0.002, options=frozenset({"secured"})),
    Product(code="subordinated_debt", extract="borrowing", share=1.2, count_share=0.01,
            gl_account="20430", kind="sub_t2", shape="bullet", rate="fixed", terms=(120,),
            payment_months=6, margin=(0.022, 0.02), customers="investor", size_sigma=0.2,
            rate_term_share=1.0, minimum=4, mix=AT_HOME),
    Product(code="intragroup_borrowing", extract="borrowing", share=1.0, count_share=0.0,
            gl_account="20180", kind="intragroup", shape="bullet", rate="fixed", terms=(60,),
            minimum=1, mix=INTRAGROUP, margin=(0.008, 0.008), payment_months=6,
            rate_term_share=1.0, customers="intragroup", size_sigma=0.0),
)

# Shares of demand deposits are weights: they fill what the rest of the balance sheet leaves open.
DEMAND_DEPOSITS = (
    Product(code="retail_current_nib", extract="deposit_nmd", share=10.0, count_share=18.0,
            gl_account="20210", kind="current", shape="nmd", rate="zero", size_sigma=0.9,
            options=frozenset({"transactional"})),
    Product(code="retail_current", extract="deposit_nmd", share=8.0, count_share=12.0,
            gl_account="20220", kind="current", shape="nmd", rate="administered", size_sigma=0.9,
            options=frozenset({"transactional"})),
    Product(code="retail_savings", extract="deposit_nmd", share=17.0, count_share=16.0,
            gl_account="20230", kind="savings", shape="nmd", rate="administered",
            size_sigma=0.9),
    Product(code="retail_money_market", extract="deposit_nmd", share=5.0, count_share=2.5,
            gl_account="20240", kind="money_market", shape="nmd", rate="administered",
            size_sigma=0.8),
    Product(code="wholesale_operational", extract="deposit_nmd", share=9.0, count_share=0.5,
            gl_account="20250", kind="operational", shape="nmd", rate="administered",
            customers="corporate", minimum=14, options=frozenset({"operational"})),
    Product(code="wholesale_non_operational", extract="deposit_nmd", share=11.0,
            count_share=0.8, gl_account="20260", kind="current", shape="nmd",
            rate="administered", customers="corporate_or_fund", minimum=14),
)

# fmt: on

CONTRACTS = SECURITIES + LOANS + TERM_DEPOSITS + BORROWINGS
POSITIONS = CONTRACTS + DEMAND_DEPOSITS


@dataclass(frozen=True)
class SwapBook:
    """A book of swaps or caps: notional in per cent of the group's assets, terms in months."""

    code: str
    share: float
    terms: tuple[int, ...]
    is_pay_fixed: bool
    mix: tuple[float, float, float, float]
    minimum: int


SWAP_BOOKS = (
    SwapBook("swap_pay_fixed", 12.0, (60, 84, 120, 120), True, HEDGED, 12),
    SwapBook("swap_receive_fixed", 4.0, (24, 36, 60), False, AT_HOME, 10),
    SwapBook("intragroup_swap", 1.0, (60,), True, INTRAGROUP, 1),
    SwapBook("cap_purchased", 2.0, (24, 36, 60), False, AT_HOME, 6),
)
SWAP_COUNT_SHARE = 0.05


@dataclass(frozen=True)
class LineBook:
    """A book of undrawn commitments: undrawn amount in per cent of the group's assets."""

    code: str
    kind: str
    share: float
    count_share: float
    customers: str
    gl_account: str


LINE_BOOKS = (
    LineBook("credit_line", "credit_line", 9.0, 3.0, "corporate_or_retail", "90110"),
    LineBook("liquidity_line", "liquidity_facility", 1.2, 0.05, "corporate", "90120"),
    LineBook("mortgage_commitment", "mortgage_pipeline", 1.2, 0.3, "retail", "90130"),
)


@dataclass(frozen=True)
class DepositTruth:
    """The true pricing and behaviour of a demand deposit, recorded so calibration can be scored."""

    beta: float  # share of a market move that reaches the rate, in the long run
    lag_months: int
    adjustment: float  # share of the gap to the target closed each month
    constant: float  # rate at a market rate of zero
    floor: float
    life_years: float  # average life of an account's balance
    volatility: float  # of a month's balance, as a fraction


DEPOSIT_TRUTH = {
    "retail_current_nib": DepositTruth(0.0, 0, 1.0, 0.0, 0.0, 8.0, 0.020),
    "retail_current": DepositTruth(0.06, 2, 0.5, 0.0003, 0.0, 7.0, 0.018),
    "retail_savings": DepositTruth(0.32, 2, 0.35, 0.0010, 0.0, 5.5, 0.015),
    "retail_money_market": DepositTruth(0.68, 1, 0.5, 0.0010, 0.0, 3.5, 0.022),
    "wholesale_operational": DepositTruth(0.38, 1, 0.5, 0.0, 0.0, 4.0, 0.030),
    "wholesale_non_operational": DepositTruth(0.62, 1, 0.7, 0.0, 0.0, 2.5, 0.045),
}

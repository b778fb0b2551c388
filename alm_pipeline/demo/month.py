"""One month end of the bank: its contracts, deals and lines, and the funding that balances them.

Contracts decide assets and term funding. Demand deposits then fill what is left, central-bank
reserves take the cents, and FX-position accounts close each currency, so that
assets = liabilities + equity to the cent per entity and contract currency.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alm_pipeline.demo import balance_sheet as targets
from alm_pipeline.demo.balance_sheet import CELLS, CONTRACTS, DEMAND_DEPOSITS, LINE_BOOKS, Product
from alm_pipeline.demo.calendar import Ints, month_parts
from alm_pipeline.demo.commitments import LINE_PRODUCTS, LineState, line_state
from alm_pipeline.demo.contracts import Floats, contract_state, contract_terms, original_cents
from alm_pipeline.demo.customers import Pools
from alm_pipeline.demo.demand import deposit_state, open_state, open_units
from alm_pipeline.demo.derivatives import SWAP_PRODUCTS, Deals, deals_of, joined, mirrored
from alm_pipeline.demo.market import Market
from alm_pipeline.demo.population import Slots, alive_on, cell_counts, product_slots
from alm_pipeline.demo.rows import Book, book_of

UNIT = 1_000_000.0
OPEN_VOLATILITY = 0.10
DEPOSIT_VOLATILITY = 0.10


@dataclass(frozen=True)
class Bank:
    """The bank of one seed: its market, customers, places and the scale of every product."""

    seed: int
    anchor: int
    n_positions: int
    market: Market
    pools: Pools
    slots: dict[str, Slots]
    scale: dict[str, Floats]  # typical amount per cell, in contract currency

    def total_usd(self, entity: int) -> float:
        """Target of an entity's assets in US dollars."""
        share = (0.65, 0.35)[entity]
        return self.n_positions * targets.ASSETS_PER_POSITION_USD * share

    def home_total(self, entity: int) -> float:
        """The same in the entity's own currency."""
        rate = 1.0 if targets.HOME_CURRENCY[entity] == 0 else self.market.fx_rate(self.anchor)
        return self.total_usd(entity) / rate


@dataclass(frozen=True)
class OtherBalance:
    """An account that is not a contract: its line, where it stands and the amount in cents."""

    line: str
    product_code: str
    gl_account: str
    entity: int
    currency: int
    side: str
    amount: int
    coupon: float = 0.0


@dataclass(frozen=True)
class Month:
    """Everything on the balance sheet at one month end."""

    as_of: int
    bank: Bank
    contracts: list[Book]
    demand: list[Book]
    deals: list[Deals]
    lines: list[LineState]
    others: list[OtherBalance]

    @property
    def books(self) -> list[Book]:
        """Contracts and demand deposits."""
        return self.contracts + self.demand


def new_bank(n_positions: int, seed: int, anchor: int) -> Bank:
    """Draw the places of the bank and scale every product to its share of the balance sheet."""
    market, pools = Market(seed), Pools.for_book(n_positions)
    swaps = [product for _, product in SWAP_PRODUCTS.values()]
    products = [*CONTRACTS, *DEMAND_DEPOSITS, *swaps, *LINE_PRODUCTS.values()]
    slots: dict[str, Slots] = {}
    for product in products:
        counts = cell_counts(product, n_positions)
        if product.customers == "intragroup" or product.code == "intragroup_swap":
            counts = [0, 1, 0, 0]
        slots[product.code] = product_slots(product, counts, seed, anchor)
    bank = Bank(seed, anchor, n_positions, market, pools, slots, {})
    for product in products:
        bank.scale[product.code] = _scale(bank, product)
    bank.scale["intragroup_borrowing"] = bank.scale["intragroup_loan"]
    return bank


def target_amounts(bank: Bank, product: Product) -> Floats:
    """Amount of a product in each cell at the anchor date, in contract currency."""
    total = bank.n_positions * targets.ASSETS_PER_POSITION_USD * product.share / 100.0
    rate = np.where(np.array(CELLS)[:, 1] == 0, 1.0, bank.market.fx_rate(bank.anchor))
    amounts: Floats = total * np.asarray(product.mix) / rate
    return amounts


def _scale(bank: Bank, product: Product) -> Floats:
    """Amount of a place of relative size one, so that the product reaches its target."""
    alive = alive_on(bank.slots[product.code], bank.anchor, bank.seed)
    cell = alive.pick(alive.slots.cell)
    units = alive.pick(alive.slots.size)
    if product.shape == "open":
        units = open_units(alive, bank.seed, OPEN_VOLATILITY)
    elif product.extract not in ("derivative", "commitment", "deposit_nmd"):
        terms = contract_terms(alive, bank.market)
        original = original_cents(alive, np.full(len(CELLS), UNIT))
        state = contract_state(alive, terms, bank.market, original)
        units = state.outstanding / (100.0 * UNIT)
    total = np.bincount(cell, weights=units, minlength=len(CELLS))
    return target_amounts(bank, product) / np.where(total == 0.0, 1.0, total)


def month_of(bank: Bank, as_of: int) -> Month:
    """The bank at one month end not after its anchor."""
    contracts = [_contract_book(bank, product, as_of) for product in CONTRACTS]
    deals = [_deals(bank, code, as_of) for code in SWAP_PRODUCTS]
    lines = [
        line_state(
            bank.market,
            bank.pools,
            alive_on(bank.slots[b.code], as_of, bank.seed),
            bank.scale[b.code],
        )
        for b in LINE_BOOKS
    ]
    sheet = _sheet(contracts, deals)
    others = _plain_accounts(bank, as_of)
    for row in others:
        sheet[row.entity, row.currency] += row.amount if row.side == "asset" else -row.amount
    demand, closing = _funding(bank, as_of, sheet)
    return Month(as_of, bank, contracts, demand, deals, lines, others + closing)


def _contract_book(bank: Bank, product: Product, as_of: int) -> Book:
    alive = alive_on(bank.slots[product.code], as_of, bank.seed)
    terms = contract_terms(alive, bank.market)
    scale = bank.scale[product.code]
    if product.shape == "open":
        units = open_units(alive, bank.seed, OPEN_VOLATILITY)
        amount = units * scale[alive.pick(alive.slots.cell)]
        outstanding = np.round(amount * 100.0).astype(np.int64)
        state = open_state(alive, terms, bank.market, outstanding)
    else:
        state = contract_state(alive, terms, bank.market, original_cents(alive, scale))
    return book_of(alive, state, bank.market, bank.pools)


def _deals(bank: Bank, code: str, as_of: int) -> Deals:
    book, _ = SWAP_PRODUCTS[code]
    alive = alive_on(bank.slots[code], as_of, bank.seed)
    notional = original_cents(alive, bank.scale[code])
    deals = deals_of(book, alive, notional, bank.market, bank.pools)
    if code != "intragroup_swap":
        return deals
    return joined([mirrored(mirrored(deals)), mirrored(deals)])


def _sheet(contracts: list[Book], deals: list[Deals]) -> Ints:
    """Assets minus liabilities by entity and currency, in cents, before deposits and own funds."""
    sheet = np.zeros((2, 2), dtype=np.int64)
    for book in contracts:
        sign = 1 if book.product.side == "asset" else -1
        np.add.at(sheet, (book.alive.entity, book.alive.currency), sign * book.sheet_amount)
    for swaps in deals:
        np.add.at(sheet, (swaps.entity, swaps.currency), swaps.fair_value)
    return sheet


def _plain_accounts(bank: Bank, as_of: int) -> list[OtherBalance]:
    """Cash, fixed and other assets, other liabilities and own funds, in home currency."""
    months = int(month_parts(np.array([bank.anchor]))[0][0] - month_parts(np.array([as_of]))[0][0])
    retained = targets.EQUITY_SHARE * 0.55 - targets.MONTHLY_PROFIT_SHARE * months
    plan = (
        ("cash", "cash", "10010", "asset", targets.CASH_SHARE),
        ("fixed_assets", "fixed_assets", "10710", "asset", targets.FIXED_ASSETS_SHARE),
        ("intangibles", "intangibles", "10720", "asset", targets.INTANGIBLES_SHARE),
        ("dta", "deferred_tax", "10730", "asset", targets.DEFERRED_TAX_SHARE),
        ("equity_holding", "equity_holding", "10740", "asset", targets.EQUITY_HOLDING_SHARE),
        ("other_assets", "other_assets", "10750", "asset", targets.OTHER_ASSETS_SHARE),
        (
            "other_liabilities",
            "other_liabilities",
            "20510",
            "liability",
            targets.OTHER_LIABILITIES_SHARE,
        ),
        ("provisions", "provisions", "20520", "liability", targets.PROVISIONS_SHARE),
        ("equity", "share_capital", "30110", "liability", targets.EQUITY_SHARE * 0.45),
        ("equity", "retained_earnings", "30120", "liability", retained),
    )
    return [
        OtherBalance(
            line,
            code,
            account,
            entity,
            targets.HOME_CURRENCY[entity],
            side,
            round(share * bank.home_total(entity)) * 100,
        )
        for entity in range(2)
        for line, code, account, side, share in plan
    ]


def _funding(bank: Bank, as_of: int, sheet: Ints) -> tuple[list[Book], list[OtherBalance]]:
    """Demand deposits, FX positions and reserves that bring every cell of the sheet to zero."""
    reserves = [round(targets.RESERVE_SHARE * bank.home_total(entity)) * 100 for entity in range(2)]
    away_targets = {p.code: target_amounts(bank, p) * 100.0 for p in DEMAND_DEPOSITS}
    total = np.zeros(len(CELLS))
    rate = bank.market.fx_rate(as_of)
    for entity, home in enumerate(targets.HOME_CURRENCY):
        away = 1 - home
        away_cell, home_cell = CELLS.index((entity, away)), CELLS.index((entity, home))
        total[away_cell] = sum(amounts[away_cell] for amounts in away_targets.values())
        open_position = sheet[entity, away] - total[away_cell]
        in_home = open_position * (rate if home == 0 else 1.0 / rate)
        total[home_cell] = sheet[entity, home] + in_home + reserves[entity]
    weights = sum(p.share for p in DEMAND_DEPOSITS)
    demand = [_demand_book(bank, p, as_of, total * p.share / weights) for p in DEMAND_DEPOSITS]
    for book in demand:
        np.add.at(sheet, (book.alive.entity, book.alive.currency), -book.sheet_amount)
    return demand, _closing_accounts(bank, as_of, sheet, rate)


def _demand_book(bank: Bank, product: Product, as_of: int, cents: Floats) -> Book:
    """Demand deposits of a product scaled to an amount in cents for each cell."""
    alive = alive_on(bank.slots[product.code], as_of, bank.seed)
    units = open_units(alive, bank.seed, DEPOSIT_VOLATILITY)
    cell = alive.pick(alive.slots.cell)
    total = np.bincount(cell, weights=units, minlength=len(CELLS))
    outstanding = np.round(units * (cents / total)[cell]).astype(np.int64)
    state = deposit_state(alive, bank.market, outstanding)
    return book_of(alive, state, bank.market, bank.pools)


def _closing_accounts(bank: Bank, as_of: int, sheet: Ints, rate: float) -> list[OtherBalance]:
    """FX-position accounts close the foreign currency, reserves the entity's own."""
    rows = []
    for entity, home in enumerate(targets.HOME_CURRENCY):
        away = 1 - home
        position = int(sheet[entity, away])
        in_home = round(position * (rate if home == 0 else 1.0 / rate))
        rows += [_fx_position(entity, away, -position), _fx_position(entity, home, in_home)]
        balance = -(int(sheet[entity, home]) + in_home)
        index = (0, 3)[home]
        coupon = float(bank.market.fixing(np.array([index]), np.array([as_of]))[0]) - 0.0005
        rows.append(
            OtherBalance(
                "central_bank_reserve",
                "central_bank_reserve",
                "10020",
                entity,
                home,
                "asset",
                balance,
                round(coupon, 5),
            )
        )
    return rows


def _fx_position(entity: int, currency: int, amount: int) -> OtherBalance:
    side = "asset" if amount >= 0 else "liability"
    account = "10810" if side == "asset" else "20810"
    return OtherBalance(
        "fx_position", f"fx_position_{side}", account, entity, currency, side, abs(amount)
    )

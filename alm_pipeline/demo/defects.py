"""Plants labelled data defects in the files of a month end, to see whether a close finds them.

Each defect says what was done where, which rule should find it, how the contract says it is handled
and whether the control file still agrees: it does when the bank really sent the bad rows, and does
not when a file was damaged on the way. Defects keep off each other's rows. The labels are written
beside the landing folder and are no delivered file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, field
from pathlib import Path

from alm_pipeline.demo.defect_edits import EDITS, FILE_EDITS, KEY_ENDS, Found
from alm_pipeline.demo.text_files import TextFile, file_of, read_text, restate_controls
from alm_pipeline.errors import ConfigurationError

LEDGER_NOTICES = frozenset(
    [
        "amount_in_thousands",
        "duplicate_across_extracts",
        "missing_currency",
        "negative_amount",
        "undrawn_mismatch",
        "unknown_entity",
        "unparseable_amount",
    ]
)
"""Kinds whose rows are set aside with an amount, entity or currency that the ledger does not hold:
the ledger's tie stops the close as well, naming the account."""


@dataclass(frozen=True)
class Defect:
    """A kind of defect: how it is called, where it goes and what should happen.

    `handling`: quarantine (rows set aside), refused (the file, or its broken row, does not load),
    blocking (the close stops at the rule), stopped (what needs it is not available), warning
    (reported).
    """

    name: str
    extract: str
    rule: str
    handling: str
    about: str
    control_agrees: bool = True

    @property
    def is_blocking(self) -> bool:
        """Whether a close of this delivery stops, at the rule or at the tie to the ledger."""
        return self.handling in ("blocking", "refused") or self.name in LEDGER_NOTICES

    @property
    def rule_id(self) -> str:
        """Identifier of the check that should find it; rules of later tables say their table."""
        return self.rule if "book." in self.rule else f"{self.extract}.{self.rule}"


@dataclass(frozen=True)
class Label:
    """What was planted where."""

    name: str
    extract: str
    file: str
    rule: str
    handling: str
    is_blocking: bool
    about: str
    control_agrees: bool
    n_rows: int
    amount: str
    keys: list[str] = field(default_factory=list)


def _kind(text: str) -> Defect:
    name, extract, rule, handling, about = (part.strip() for part in text.split("|"))
    return Defect(name, extract, rule, handling, about, control_agrees=handling != "refused")


CATALOGUE = tuple(
    _kind(line)
    for line in """
truncated_last_row | deposit_term | control_totals | refused | the file breaks off in its last row
altered_after_control | security | control_totals | refused | an amount changed after the controls
lost_rows | collateral_flow | control_totals | refused | the last rows never arrived
missing_file | funding_source | delivery_is_complete | refused | the file is not in the folder
unknown_code | loan | status.allowed | quarantine | a status that no list has
unknown_product | borrowing | product_code.resolves | blocking | a product nobody mapped
unknown_entity | deposit_term | entity_id.resolves | quarantine | no such entity
unknown_counterparty | loan | counterparty_id.resolves | quarantine | nobody knows the customer
lost_leading_zeros | deposit_term | counterparty_id.resolves | quarantine | a spreadsheet ate them
duplicate_key | loan | key.unique | quarantine | one loan delivered twice
missing_rate | loan | coupon_rate.required | quarantine | no coupon
missing_currency | deposit_nmd | currency.required | quarantine | no currency
maturity_before_start | deposit_term | maturity_after_start | quarantine | the dates are swapped
payment_dates_behind | loan | payments_enclose_as_of | quarantine | the next payment has passed
reset_after_maturity | loan | reset_before_maturity | quarantine | resets after it is repaid
fixed_with_index | deposit_term | fixed_has_no_index | quarantine | a fixed rate with an index
floating_without_index | loan | floating_has_index | quarantine | floats on nothing
rate_in_percent | deposit_nmd | coupon_rate.range | quarantine | 325 per cent instead of 3.25
amount_in_thousands | loan | outstanding_within_original | quarantine | a thousand times too much
negative_amount | deposit_term | outstanding_principal.range | quarantine | a balance below zero
unparseable_amount | deposit_term | outstanding_principal.type | quarantine | a comma for a point
future_dated_row | loan | as_of_date_is_the_close | quarantine | a row of the month after
start_in_future | deposit_term | start_not_in_future | quarantine | starts after the as-of date
insured_above_balance | deposit_nmd | insured_within_balance | quarantine | insured over its balance
undrawn_mismatch | commitment | undrawn_is_limit_less_drawn | quarantine | does not add up
encumbered_above_available | encumbrance_link | encumbered_within_available | quarantine | too much
swap_leg_missing | derivative_leg | legs_are_delivered | quarantine | a swap with one leg
cap_below_floor | loan | floor_not_above_cap | quarantine | a cap under its floor
annuity_payment_broken | loan | annuity_repays_to_maturity | warning | never repays
ledger_break | gl_balance | book.ledger_reconciliation.ties | blocking | the ledger is a million off
unmapped_gl_account | gl_balance | every_account_is_mapped | blocking | nobody mapped it
stale_curve | curve_quote | quote_is_fresh | stopped | quotes of forty days ago
missing_curve_node | curve_quote | used_curves_are_quoted | stopped | no euro curve at all
missing_fx | fx_rate | covers_every_currency | stopped | no rate at all
duplicate_across_extracts | borrowing | no_twin_contract | warning | one debt under two numbers
row_count_drift | deposit_nmd | drift | warning | a third of it is missing
""".strip().splitlines()
)
DEFECTS = {defect.name: defect for defect in CATALOGUE}


def plant_defects(folder: Path, names: Collection[str], *, label_file: Path) -> list[Label]:
    """Plant the named defects in a landing folder and write what was done to `label_file`.

    Raises
    ------
    ConfigurationError
        If a name is not in the catalogue.
    """
    unknown = sorted(set(names) - set(DEFECTS))
    if unknown:
        raise ConfigurationError(
            f"{len(unknown)} kinds of defect are unknown",
            where="demo bank",
            detail=", ".join(unknown),
            fix=f"choose among {', '.join(DEFECTS)}",
        )
    taken: dict[str, set[str]] = {}
    chosen = [defect for defect in CATALOGUE if defect.name in set(names)]
    chosen.sort(key=lambda defect: not defect.control_agrees)
    labels = [_plant(folder, defect, taken) for defect in chosen]
    text = json.dumps([asdict(label) for label in labels], indent=1)
    label_file.write_text(text + "\n", encoding="utf-8")
    return labels


def _plant(folder: Path, defect: Defect, taken: dict[str, set[str]]) -> Label:
    """Plant one defect; row defects restate the control file, damage does not."""
    path = file_of(folder, defect.extract)
    if defect.name in FILE_EDITS:
        found = FILE_EDITS[defect.name](path)
    else:
        file = read_text(folder, defect.extract)
        mine = taken.setdefault(defect.extract, set())
        file.taken = {row for row in range(len(file.rows)) if _key(file, row) in mine}
        found = _edited(EDITS[defect.name], file)
        mine.update(key.partition(":")[2] for key in found.keys)
        if defect.control_agrees:
            restate_controls(folder, file)
    return Label(
        defect.name,
        defect.extract,
        path.name,
        defect.rule_id,
        defect.handling,
        defect.is_blocking,
        defect.about,
        defect.control_agrees,
        found.n_rows,
        found.amount,
        found.keys,
    )


def _key(file: TextFile, row: int) -> str:
    return ":".join(file.rows[row][2 : KEY_ENDS.get(file.extract, 3)])


def _edited(edit: Callable[[TextFile], Found], file: TextFile) -> Found:
    found = edit(file)
    file.save()
    return found

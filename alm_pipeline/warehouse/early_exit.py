"""What leaving a contract early costs and changes, from rows of `book.positions`.

Answers the penalties, the lockout and the effect of a prepayment as fields of `Positions`. A
penalty that no field holds exactly is refused with the positions that carry it, where customers may
leave: of what may be prepaid and has a behaviour segment.

What does not belong here: how many leave (`inputs/behaviour.py`), what it earns (the engine).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alm_pipeline.engine.arrays import NO_CODE, BoolArray
from alm_pipeline.warehouse.book_columns import BookColumns

__all__ = ["early_exit_terms"]

EFFECT_CODES = {"lower_instalment": 0, "shorter_term": 1}
_FIX = "set their behaviour segment to none, or deliver terms that can be projected"


def early_exit_terms(
    book: BookColumns, arrays: Mapping[str, NDArray[Any]]
) -> dict[str, NDArray[Any]]:
    """Return the fields of `Positions` about leaving early, by name.

    Parameters
    ----------
    book
    arrays
        Fields of `Positions` found so far: sign, cohort, is_prepayable.

    Raises
    ------
    CalculationError
        For penalties that cannot be projected; the positions are named.
    """
    may_prepay = arrays["is_prepayable"] & (arrays["cohort"] != NO_CODE)
    for reason, is_refused in _refused(book, arrays).items():
        book.refuse_where(may_prepay & is_refused, reason, _FIX)
    months = book.number("prepayment_penalty_months") + book.number("withdrawal_penalty_months")
    effect = book.codes("prepayment_effect", EFFECT_CODES, "deliver a known prepayment effect")
    return {
        "penalty_rate": book.number("prepayment_penalty_share"),
        "penalty_months": months,
        "penalty_amount": book.number("prepayment_penalty_amount"),
        "free_prepayment_amount": book.number("free_prepayment_amount"),
        "lockout_offset": book.offset("prepayment_lockout_end_date"),
        "is_term_shortened": effect == EFFECT_CODES["shorter_term"],
    }


def _refused(book: BookColumns, arrays: Mapping[str, NDArray[Any]]) -> dict[str, BoolArray]:
    """Return the positions whose penalty cannot be projected, by reason."""
    is_free = book.is_word("prepayment_penalty_type", "none")
    figures = [book.number(f"prepayment_penalty_{name}") for name in ("share", "months", "amount")]
    is_priced = np.stack(figures).max(axis=0) > 0.0
    is_withdrawn = book.number("withdrawal_penalty_months") > 0.0
    return {
        "prepayment costs a rate difference, and no terms say against which rate": book.is_word(
            "prepayment_penalty_type", "rate_difference"
        ),
        "a prepayment penalty without its figure": ~is_free & ~is_priced,
        "a penalty on what the bank itself prepays": ~is_free & (arrays["sign"] < 0),
        "a penalty on prepayment beside one on withdrawal": is_priced & is_withdrawn,
    }

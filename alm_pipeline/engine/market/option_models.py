"""The value of an option on a rate: caplets, floorlets, caps, floors and European swaptions.

Answers what a call or put on a forward rate is worth per unit of annuity, before discounting, in
three models; ``s`` is the standard deviation ``volatility * sqrt(expiry)``:

- normal: ``(F - K) N(d) + s n(d)``, ``d = (F - K) / s``; any rate;
- lognormal: ``F N(d1) - K N(d2)``, ``d1 = ln(F / K) / s + s / 2``, ``d2 = d1 - s``; rates above 0;
- shifted lognormal: the lognormal model of ``F + shift`` and ``K + shift``.

A price is its intrinsic value plus a time value of positive terms: a far strike keeps its digits,
and call less put is forward less strike. Without variance (no volatility, or the rate is fixed)
the time value is zero. Kernels check nothing: who calls them has built `RateOptions`.

Does not belong here: which volatility a strike has, the convexity of rates not paid at the end of
their own period, the effective expiry of rates compounded in arrears, early exercise
(`short_rate_tree`), the sign of a position. Sources: Bachelier (1900), Theorie de la speculation;
Black (1976), The pricing of commodity contracts; Jaeckel (2015), Let's be rational (the lognormal
price as a difference of Mills ratios); NIST DLMF 7.9.3, continued fraction of erfc.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from alm_pipeline.engine.arrays import BoolArray, CountArray, FloatArray
from alm_pipeline.engine.kernel import allocating_kernel, entry_kernel, kernel
from alm_pipeline.errors import CalculationError

_ROOT_HALF, _ROOT_TWO_PI, _ROOT_HALF_PI = map(math.sqrt, (0.5, 2.0 * math.pi, 0.5 * math.pi))
_FRACTION_FROM = 2.5  # below, erfc loses one digit; above, the fraction has converged
_FRACTION_TERMS = 50
_SMALL_DEVIATION = 0.5  # up to here six nodes integrate to rounding
_MAX_STEPS, _ROUNDING = 200, 1e-15


@dataclass(frozen=True)
class RateOptions:
    """Options on forward rates under one model, n of them.

    Parameters
    ----------
    is_lognormal : bool
        Lognormal, or shifted lognormal if there is a shift; else normal.
    is_call : (n,) bool
        Call: caplet or payer swaption. Put: floorlet or receiver swaption.
    forwards, strikes : (n,) float64 [decimal per year]
        Forward rate, or the fixing where it is known; may be negative in the normal model.
    expiry_years : (n,) float64 [years]
        Time until the rate is fixed; zero or negative where it is.
    shift : float [decimal per year]
        Added to every rate; changes nothing in the normal model.

    Raises
    ------
    CalculationError
        If arrays differ in length or are not finite, or the model does not know an unfixed rate.
    """

    is_lognormal: bool
    is_call: BoolArray
    forwards: FloatArray
    strikes: FloatArray
    expiry_years: FloatArray
    shift: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what the model does not know."""
        _refuse_arrays(len(self.is_call), self.forwards, self.strikes, self.expiry_years)
        _refuse(np.array([not math.isfinite(self.shift)]), "shift", np.array([self.shift]))
        if self.is_lognormal:
            model = f"for the lognormal model with shift {self.shift}"
            forwards, strikes, is_open = self.forwards, self.strikes, self.expiry_years > 0.0
            _refuse(is_open & (forwards + self.shift <= 0.0), f"forward rate {model}", forwards)
            _refuse(is_open & (strikes + self.shift < 0.0), f"strike {model}", strikes)


class OptionValues(NamedTuple):
    """Price, its slope in the forward and in the volatility, each (n,) float64 undiscounted."""

    prices: FloatArray
    deltas: FloatArray
    vegas: FloatArray


@kernel
def _density(x: float) -> float:
    return math.exp(-0.5 * x * x) / _ROOT_TWO_PI


@kernel
def _probability(x: float) -> float:
    return 0.5 * math.erfc(-x * _ROOT_HALF)


@kernel
def _mills_slope(x: float) -> float:
    """Return ``1 - x R(x)``, R the Mills ratio ``N(-x) / n(x)``; x above about -1.

    By ``R = 1 / (x + 1 / (x + 2 / (x + ...)))`` it is ``1 / (x k + 1)``, k the inner fraction.
    """
    if x < _FRACTION_FROM:
        return 1.0 - x * _ROOT_HALF_PI * math.exp(0.5 * x * x) * math.erfc(x * _ROOT_HALF)
    inner = 0.5 * (x + math.sqrt(x * x + 4.0 * _FRACTION_TERMS))
    for n in range(_FRACTION_TERMS, 1, -1):
        inner = x + n / inner
    return 1.0 / (x * inner + 1.0)


@kernel
def _pair(x: float, width: float) -> float:
    return _mills_slope(x - width) + _mills_slope(x + width)


@kernel
def _log_distance(forward: float, strike: float) -> float:
    """Return ``|ln(F / K)|`` with all its digits, also where both are nearly equal."""
    return math.log1p(abs(forward - strike) / min(forward, strike))


@kernel
def _lognormal_time_value(forward: float, strike: float, deviation: float) -> float:
    """Return the price of the option that is out of the money.

    ``sqrt(F K) n(h) exp(-t t / 2) (R(h - t) - R(h + t))`` with ``h = |ln(F / K)| / s, t = s / 2``;
    for a small t the difference is the integral of ``1 - x R(x)`` by six Gauss-Legendre nodes.
    """
    low, high = min(forward, strike), max(forward, strike)
    h, t = _log_distance(forward, strike) / deviation, 0.5 * deviation
    if deviation > _SMALL_DEVIATION:
        return max(low * _probability(t - h) - high * _probability(-t - h), 0.0)
    integral = 0.4679139345726910 * _pair(h, 0.2386191860831969 * t)
    integral += 0.3607615730481386 * _pair(h, 0.6612093864662645 * t)
    integral += 0.1713244923791704 * _pair(h, 0.9324695142031521 * t)
    return math.sqrt(low * high) * _density(h) * math.exp(-0.5 * t * t) * t * integral


@kernel
def normal_time_value(distance: float, deviation: float) -> float:
    """Return price less intrinsic value in the normal model; ``distance`` is ``|F - K|``."""
    if deviation <= 0.0:
        return 0.0
    x = distance / deviation
    return deviation * _density(x) * _mills_slope(x)


@kernel
def _time_value(is_lognormal: bool, forward: float, strike: float, deviation: float) -> float:
    if is_lognormal:
        is_open = deviation > 0.0 and min(forward, strike) > 0.0
        return _lognormal_time_value(forward, strike, deviation) if is_open else 0.0
    return normal_time_value(abs(forward - strike), deviation)


@entry_kernel
def option_price(
    is_lognormal: bool, is_call: bool, forward: float, strike: float, deviation: float
) -> float:
    """Return the undiscounted price of one option, not negative, per unit of annuity.

    Parameters
    ----------
    is_lognormal, is_call : bool
        Lognormal, of rates with the shift added; pays ``max(F - K, 0)``, else ``max(K - F, 0)``.
    forward, strike : float [decimal per year]
        In the lognormal model the forward is positive and the strike is not negative.
    deviation : float [decimal per year if normal, else a number]
        ``volatility * sqrt(expiry)``; zero or less gives the intrinsic value.
    """
    intrinsic = max(forward - strike, 0.0) if is_call else max(strike - forward, 0.0)
    return intrinsic + _time_value(is_lognormal, forward, strike, deviation)


@entry_kernel
def option_delta(
    is_lognormal: bool, is_call: bool, forward: float, strike: float, deviation: float
) -> float:
    """Return the slope of `option_price` in the forward: 0 to 1 for a call, -1 to 0 for a put.

    Without variance a step, one half at the strike; same parameters as `option_price`.
    """
    sign = 1.0 if is_call else -1.0
    if deviation <= 0.0 or (is_lognormal and strike <= 0.0):
        distance = sign * (forward - strike)
        return sign * (0.5 if distance == 0.0 else (1.0 if distance > 0.0 else 0.0))
    if is_lognormal:
        d = _log_distance(forward, strike) / deviation
        d = (d if forward >= strike else -d) + 0.5 * deviation
    else:
        d = (forward - strike) / deviation
    return sign * _probability(sign * d)


@entry_kernel
def option_vega(is_lognormal: bool, forward: float, strike: float, deviation: float) -> float:
    """Return the slope of `option_price` in the deviation: of calls and puts alike, not negative.

    Times ``sqrt(expiry)`` it is the vega; same parameters as `option_price`.
    """
    if (deviation <= 0.0 and forward != strike) or (is_lognormal and strike <= 0.0):
        return 0.0
    scale = math.sqrt(forward * strike) if is_lognormal else 1.0
    h = 0.0
    if forward != strike:
        distance = _log_distance(forward, strike) if is_lognormal else abs(forward - strike)
        h = distance / deviation
    t = 0.5 * max(deviation, 0.0) if is_lognormal else 0.0
    return scale * _density(h) * math.exp(-0.5 * t * t)


@entry_kernel
def implied_deviation(
    is_lognormal: bool, time_value: float, forward: float, strike: float
) -> float:
    """Return the deviation at which an option has a given time value; zero where it has none.

    Parameters as in `option_price`; time value [decimal per year] is price less intrinsic value,
    in the lognormal model below forward and strike. Newton's method for the logarithm of the
    price over that of the deviation, and a halved bracket where it would leave the bracket. The
    lower end is the deviation at the money, ``sqrt(2 pi) * time_value``: any other needs more.
    """
    if time_value <= 0.0:
        return 0.0
    scale = math.sqrt(forward * strike) if is_lognormal else 1.0
    distance = _log_distance(forward, strike) if is_lognormal else abs(forward - strike)
    low = deviation = _ROOT_TWO_PI * time_value / scale
    if distance > 0.0:
        far = distance / math.sqrt(2.0 * math.log1p(distance * scale / time_value))
        deviation = max(low, far)
    high = deviation
    while _time_value(is_lognormal, forward, strike, high) < time_value and high < math.inf:
        low, high = high, 2.0 * high
    for _ in range(_MAX_STEPS):
        value = _time_value(is_lognormal, forward, strike, deviation)
        low, high = (low, deviation) if value >= time_value else (deviation, high)
        following = math.sqrt(low) * math.sqrt(high)
        slope = deviation * option_vega(is_lognormal, forward, strike, deviation)
        if value > 0.0 and slope > 0.0:
            step = math.log(time_value / value) * value / slope
            newton = deviation * math.exp(min(step, 50.0))
            following = newton if low <= newton <= high else following
        if abs(following - deviation) <= _ROUNDING * deviation:
            return following
        deviation = following
    return deviation


@allocating_kernel
def _option_rows(is_lognormal: bool, is_call: BoolArray, terms: FloatArray) -> FloatArray:
    """Return price, delta and slope in the deviation, (3, n), of forward, strike and deviation."""
    rows = np.empty_like(terms)
    for i in range(len(is_call)):
        call, forward, strike, deviation = is_call[i], terms[0, i], terms[1, i], terms[2, i]
        rows[0, i] = option_price(is_lognormal, call, forward, strike, deviation)
        rows[1, i] = option_delta(is_lognormal, call, forward, strike, deviation)
        rows[2, i] = option_vega(is_lognormal, forward, strike, deviation)
    return rows


@allocating_kernel
def _implied_rows(is_lognormal: bool, terms: FloatArray) -> FloatArray:
    """Return `implied_deviation`, (n,), of time value, forward and strike."""
    deviations = np.empty(terms.shape[1])
    for i in range(terms.shape[1]):
        deviations[i] = implied_deviation(is_lognormal, terms[0, i], terms[1, i], terms[2, i])
    return deviations


def option_values(options: RateOptions, volatilities: FloatArray) -> OptionValues:
    """Return undiscounted price, delta and vega of every option, per unit of annuity.

    Parameters
    ----------
    options : RateOptions
        n options.
    volatilities : (n,) float64 [decimal per year and root year if normal, else per root year]
        Zero or positive, others are refused: 0.0085 is 85 bp normal, 0.25 is 25 % lognormal.

    Returns
    -------
    OptionValues
        Prices [decimal per year] not negative; deltas from -1 to 1; vegas [price per unit of
        volatility] not negative, zero where the rate is fixed.

    Examples
    --------
    >>> rate, one_year = np.array([0.03]), np.array([1.0])
    >>> call = RateOptions(False, np.array([True]), rate, rate, one_year)
    >>> option_values(call, np.array([0.01])).prices.round(8)
    array([0.00398942])
    """
    _refuse_arrays(len(options.is_call), volatilities)
    _refuse(volatilities < 0.0, "volatility", volatilities)
    is_lognormal, forwards, strikes, root_years = _in_model(options)
    terms = np.stack((forwards, strikes, volatilities * root_years))
    rows = _option_rows(is_lognormal, np.array(options.is_call, dtype=np.bool_), terms)
    return OptionValues(rows[0], rows[1], rows[2] * root_years)


def caplet_values(
    options: RateOptions,
    volatilities: FloatArray,
    accrual_years: FloatArray,
    discount_factors: FloatArray,
) -> FloatArray:
    """Return the value today of caplets (calls) and floorlets (puts), (n,) per unit of notional.

    Options and volatilities as in `option_values`; a period whose rate is fixed has an expiry of
    zero or less. Accrual [years] in the rate's day count, factors [units today per unit then] to
    the payments. Not negative: to the holder.
    """
    _refuse_arrays(len(options.is_call), accrual_years, discount_factors)
    return option_values(options, volatilities).prices * accrual_years * discount_factors


def cap_values(caplets: FloatArray, cap_index: CountArray) -> FloatArray:
    """Return the value of each cap or floor, (n_caps,) in the unit of its caplets.

    ``cap_index`` (n,) int64 is the cap to which each caplet belongs, counted from 0; caplets are
    added up in the order given, each times its notional if that amortises.
    """
    _refuse_arrays(len(cap_index), caplets)
    return np.bincount(cap_index, weights=caplets).astype(np.float64)


def swaption_values(
    options: RateOptions, volatilities: FloatArray, annuities: FloatArray
) -> FloatArray:
    """Return the value today of European swaptions on delivery, (n,) not negative: to the holder.

    Options and volatilities as in `option_values`, on forward swap rates: a call is a payer. The
    annuity is the fixed leg's value at a rate of 1 [currency, or years per unit of notional].
    """
    _refuse_arrays(len(options.is_call), annuities)
    return option_values(options, volatilities).prices * annuities


def implied_volatilities(options: RateOptions, prices: FloatArray) -> FloatArray:
    """Return the volatilities at which undiscounted prices are the model's.

    Parameters
    ----------
    options : RateOptions
        n options, none of them fixed.
    prices : (n,) float64 [decimal per year]
        Per unit of annuity. In the money the intrinsic value hides digits of the time value:
        better give the other side's price.

    Returns
    -------
    (n,) float64 [as in option_values]
        Zero where a price is its intrinsic value, to rounding.

    Raises
    ------
    CalculationError
        If a rate is fixed, or no volatility gives a price: below intrinsic value, or in the
        lognormal models not below the forward (call) or the strike (put).
    """
    _refuse_arrays(len(options.is_call), prices)
    is_lognormal, forwards, strikes, root_years = _in_model(options)
    _refuse(root_years <= 0.0, "expiry, leave out fixed rates", options.expiry_years)
    intrinsic = np.maximum(np.where(options.is_call, 1.0, -1.0) * (forwards - strikes), 0.0)
    time_values = prices - intrinsic
    size = np.abs(forwards) + np.abs(strikes) + np.abs(prices)
    rounding = np.where(intrinsic > 0.0, _ROUNDING * size, 0.0)
    is_odd = time_values < -rounding
    if is_lognormal:
        is_odd |= time_values > np.minimum(forwards, strikes) * (1.0 - _ROUNDING)
    _refuse(is_odd, "price, outside what any volatility gives", prices)
    time_values = np.where(time_values <= rounding, 0.0, time_values)
    return _implied_rows(is_lognormal, np.stack((time_values, forwards, strikes))) / root_years


def _in_model(options: RateOptions) -> tuple[bool, FloatArray, FloatArray, FloatArray]:
    """Return whether lognormal, shifted forwards and strikes, and the root of the years left."""
    root_years = np.sqrt(np.maximum(options.expiry_years, 0.0))
    forwards, strikes = options.forwards + options.shift, options.strikes + options.shift
    return options.is_lognormal, forwards, strikes, root_years


def _refuse_arrays(n: int, *arrays: FloatArray) -> None:
    for array in arrays:
        if array.shape != (n,) or not np.isfinite(array).all():
            raise CalculationError(
                f"an array of {n} options has shape {array.shape} or missing values",
                fix="give one finite number per option",
            )


def _refuse(is_odd: BoolArray, what: str, values: FloatArray) -> None:
    if is_odd.any():
        raise CalculationError(
            f"{is_odd.sum()} options have a wrong {what}",
            detail=f"the first one is {values[is_odd][0]}",
            fix="rates are decimals; rates at or below zero need the normal or a shifted model",
        )

"""ACTUS contracts on the production projection: terms in, dated events out.

``events`` is what a conformance run calls. Mapping of terms is in ``terms``, the two-legged and
derived types are in ``composed``; the arithmetic is the engine's.
"""

from alm_pipeline.inputs.actus.composed import events

__all__ = ["events"]

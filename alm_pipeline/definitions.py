"""Dagster's entry: the definitions of the bank whose `alm.yaml` is in force. It only assembles."""

from __future__ import annotations

import warnings

import dagster as dg

# The month-to-scenario partition mapping is beta in this Dagster line and warns at every use.
warnings.filterwarnings("ignore", category=dg.BetaWarning)
warnings.filterwarnings("ignore", category=dg.PreviewWarning)

from alm_pipeline.inputs.settings import config_path  # noqa: E402  (the filter comes first)
from alm_pipeline.orchestration.assemble import assemble  # noqa: E402

defs = assemble(config_path())

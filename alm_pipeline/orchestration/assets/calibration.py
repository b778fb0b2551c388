"""The asset of calibration: what the delivered history says about behaviour, outside the close."""

import dagster as dg

from alm_pipeline.calibration.plans import PLANS
from alm_pipeline.orchestration.bank import CALIBRATED, Bank
from alm_pipeline.orchestration.calibration import make_calibration
from alm_pipeline.orchestration.metadata import asset_metadata, owners_of
from alm_pipeline.orchestration.partitions import Partitions, asset_key, dependency
from alm_pipeline.orchestration.resources import BankResource
from alm_pipeline.orchestration.steps import Work, run_step


def calibration_asset(bank: Bank, partitions: Partitions) -> dg.AssetsDefinition:
    """Return the asset that makes both tables of estimates of a month end."""
    work = Work(CALIBRATED, make_calibration)

    @dg.multi_asset(name="calibration", specs=[_spec(bank, partitions, t) for t in CALIBRATED])
    def calibration(context: dg.AssetExecutionContext, bank: BankResource):  # type: ignore[no-untyped-def]
        yield from run_step(context, bank.open(), [work])

    return calibration


def _spec(bank: Bank, partitions: Partitions, table: str) -> dg.AssetSpec:
    contract, shape = bank.tables[table], bank.shapes[table]
    return dg.AssetSpec(
        asset_key(table),
        deps=[dependency(plan.table, False, False) for plan in PLANS],
        group_name="50_behaviour",
        description=contract.about,
        partitions_def=partitions.month_ends,
        owners=owners_of(contract),
        kinds={"python", "numpy"},
        metadata=asset_metadata(contract, shape, bank.dictionary),
    )

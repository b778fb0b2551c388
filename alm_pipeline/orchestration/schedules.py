"""When the monthly close starts: on a business day after month end, at six in the morning."""

from datetime import date, timedelta

import dagster as dg
import numpy as np

from alm_pipeline.orchestration import jobs
from alm_pipeline.orchestration.bank import Bank

BUSINESS_DAY = 2


def close_schedule(bank: Bank) -> dg.ScheduleDefinition:
    """Return the schedule that asks for the book of the last month end on business day two."""

    @dg.schedule(
        cron_schedule="0 6 * * 1-5",
        job_name=jobs.BOOK,
        name="monthly_close",
        execution_timezone="UTC",
        description=f"Closes the last month end on business day {BUSINESS_DAY} of the new month.",
    )
    def monthly_close(context: dg.ScheduleEvaluationContext):  # type: ignore[no-untyped-def]
        today = context.scheduled_execution_time.date()
        if business_day_of_month(today) != BUSINESS_DAY:
            return dg.SkipReason(f"{today} is not business day {BUSINESS_DAY} of its month")
        month_end = today.replace(day=1) - timedelta(days=1)
        if month_end < bank.settings.first_as_of_date:
            return dg.SkipReason(f"{month_end} lies before the bank's first as-of date")
        key = month_end.isoformat()
        return dg.RunRequest(run_key=f"{jobs.BOOK}-{key}", partition_key=key)

    return monthly_close


def business_day_of_month(day: date) -> int:
    """Return which weekday of its month a day is; 0 when it is a Saturday or Sunday."""
    if not np.is_busday(day):
        return 0
    return int(np.busday_count(day.replace(day=1), day)) + 1

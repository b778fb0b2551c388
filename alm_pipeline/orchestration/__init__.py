"""The thin Dagster shell: partitions, resources, assets, checks, jobs, schedules, sensors."""

"""Dates, day counts, tenors, schedules, rate conventions and buckets."""

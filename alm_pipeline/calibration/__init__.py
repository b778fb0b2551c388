"""Behaviour estimated from history: how deposits, prepayment and lines behaved, and how surely.

Each job fits models on a sample, fixes their specification, and only then opens a hold-out to
compare them with a benchmark (`study`). What comes out are estimates, pictures and proposals;
assumptions change only when somebody edits their YAML. Reading the bank's tables and scheduling
belong to orchestration. Needs `pip install alm-pipeline[calibration]`.
"""

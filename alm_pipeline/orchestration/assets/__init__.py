"""Assets that are not a SQL file: deliveries, quarantine, the engine, the audit trail."""

"""From a data contract to rules, from rules to counts, set-aside rows and check results.

`rules` compiles a contract, `counts` writes the one SELECT that judges every row, `quarantine` the
SELECTs that split rows into trusted and set aside, `evaluation` runs them and hands the counts to
Great Expectations, `table_checks` holds the checks of tables that are no extracts, `compatibility`
compares two versions of a contract. Nothing here writes to the warehouse or knows DuckDB's client:
functions take a session that answers queries.
"""

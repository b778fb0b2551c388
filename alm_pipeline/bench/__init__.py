"""How fast the engine is on a work item that anyone can implement; `python -m alm_pipeline.bench`.

Nothing is asserted here, and no figure of a bank belongs here.
"""

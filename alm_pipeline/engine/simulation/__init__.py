"""One pass over chunks of positions: terms to events to lenses.

``simulate.simulate`` runs a whole book through every lens; ``project`` writes out the event rows
of chosen positions from the same projection.
"""

from alm_pipeline.engine.simulation.events import project

__all__ = ["project"]

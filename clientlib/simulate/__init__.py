"""A demo firm that does not exist: clients, market, trades and service from a seed, and its hand-ins.

For trying the project out and for testing it: realistic in shape, with facts planted for the reports
to find, and nobody's data.
"""

from __future__ import annotations

from clientlib.simulate.firm import Demo, demo
from clientlib.simulate.handins import write_handins, write_planted

__all__ = ["Demo", "demo", "write_handins", "write_planted"]

"""A double of the service on loopback: `Sandbox`. The web server loads when one is started."""

from stcrm_pandas.sandbox.faults import KEEP, Fault
from stcrm_pandas.sandbox.sandbox import Sandbox

__all__ = ["KEEP", "Fault", "Sandbox"]

"""
A project damaged in one place: each damage has a name, and changes what the generator emits.

They stand for slips of a generator, of a merge and of an editor. Most leave a project that opens, and is wrong.
"""

from tests.power_bi.damages import folder, model, people, report  # each adds its own
from tests.power_bi.damages.apply import DAMAGES

__all__ = ["DAMAGES", "folder", "model", "people", "report"]

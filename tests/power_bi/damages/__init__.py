"""
A project damaged in one place: each damage has a name and changes what the generator emits.

They represent mistakes of a generator, a merge or an editor. Most leave a project that opens but is wrong.
"""

from tests.power_bi.damages import folder, model, people, report  # each registers its damages
from tests.power_bi.damages.apply import DAMAGES

__all__ = ["DAMAGES", "folder", "model", "people", "report"]

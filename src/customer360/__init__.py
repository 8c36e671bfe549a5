"""Customer 360: from an empty machine to customer and loyalty analytics."""

from importlib.metadata import version

__version__ = version("customer360")

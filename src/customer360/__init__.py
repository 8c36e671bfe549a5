"""Customer 360: from an empty machine to customer and loyalty analytics."""

__version__ = "0.1.0"

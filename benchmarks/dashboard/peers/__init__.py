"""The overview page in other frameworks: the same answers, the same visuals, the same slicers."""

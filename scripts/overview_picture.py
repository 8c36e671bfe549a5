"""
Puts figures of the notebooks together as the README's picture: `uv run python scripts/overview_picture.py`.

The figures come from the committed outputs, so the picture shows what the notebooks show.
"""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parents[1]
COLUMNS = (
    (("01_mock_data", 0), ("01_mock_data", 1), ("02_customer_operations", "ENGAGEMENT_SEGMENTS")),
    (("01_mock_data", 2), ("02_customer_operations", "COHORT_RETENTION")),
)
"""(notebook, number of the figure or a word of its cell)"""
GAP = 40


def pictures(notebook: str) -> list[tuple[str, NDArray[np.float64]]]:
    """(source of the cell, its picture) for every figure of a notebook, in order."""
    cells = json.loads((ROOT / "notebooks" / f"{notebook}.ipynb").read_text())["cells"]
    return [
        ("".join(cell["source"]), plt.imread(io.BytesIO(base64.b64decode(output["data"]["image/png"])))[..., :3])
        for cell in cells
        for output in cell.get("outputs", ())
        if "image/png" in output.get("data", {})
    ]


def chosen(notebook: str, which: int | str) -> NDArray[np.float64]:
    found = pictures(notebook)
    if isinstance(which, int):
        return found[which][1]
    return next(picture for source, picture in found if which in source)


def column(figures: list[NDArray[np.float64]], height: int, width: int) -> NDArray[np.float64]:
    """The figures under each other, on white."""
    page, top = np.ones((height, width, 3)), 0
    for figure in figures:
        page[top : top + figure.shape[0], : figure.shape[1]] = figure
        top += figure.shape[0] + GAP
    return page


def main() -> None:
    columns = [[chosen(*figure) for figure in figures] for figures in COLUMNS]
    height = max(sum(figure.shape[0] + GAP for figure in figures) for figures in columns)
    width = max(figure.shape[1] for figures in columns for figure in figures) + GAP
    folder = ROOT / "docs" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    plt.imsave(folder / "overview.png", np.hstack([column(figures, height, width) for figures in columns]))


if __name__ == "__main__":
    main()

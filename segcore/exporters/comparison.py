"""The figures of a comparison as CSV and JSON; what is undefined is empty or null."""

from __future__ import annotations

import csv
import io
import json
import math
from typing import Any

from segcore import metrics
from segcore.comparison import Comparison


def figures(both: Comparison, threshold: float = 0.5) -> dict[str, float | int | None]:
    """Return all figures by name; None where undefined or not measured.

    Parameters
    ----------
    both : Comparison
    threshold : float
        IoU from which objects match, for the figures that begin with ``objects_``.
    """
    matching, masks, boxes = both.matching(threshold), both.masks, both.boxes
    values: dict[str, Any] = {
        "width": both.size[1],
        "height": both.size[0],
        "target_pixels": both.target,
        "prediction_pixels": both.prediction,
        "intersection_pixels": both.counts.tp,
        "union_pixels": both.union,
        "iou": both.iou,
        "dice": metrics.dice(both.counts),
        "precision": metrics.precision(both.counts),
        "recall": metrics.recall(both.counts),
        "box_iou": boxes and boxes.iou,
        "box_giou": boxes and boxes.giou,
        "box_diou": boxes and boxes.diou,
        "box_ciou": boxes and boxes.ciou,
        "boundary_iou": masks.boundary_iou,
        "boundary_width_pixels": masks.boundary_width,
        "hausdorff_pixels": masks.hausdorff,
        "hausdorff95_pixels": masks.hausdorff95,
        "mean_surface_distance_pixels": masks.mean_distance,
        "objects_threshold": threshold,
        "objects_tp": matching.tp,
        "objects_fp": matching.fp,
        "objects_fn": matching.fn,
        "objects_f1": matching.f1,
        "ap": both.average_precision["ap"],
        "ap50": both.average_precision["ap50"],
        "ap75": both.average_precision["ap75"],
        "pq": both.panoptic.pq,
        "sq": both.panoptic.sq,
        "rq": both.panoptic.rq,
    }
    return {
        name: None if isinstance(value, float) and math.isnan(value) else value
        for name, value in values.items()
    }


def to_csv(both: Comparison, threshold: float = 0.5) -> str:
    """Return two columns, figure and value."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(("figure", "value"))
    writer.writerows(figures(both, threshold).items())
    return stream.getvalue()


def to_json_figures(both: Comparison, threshold: float = 0.5) -> str:
    """Return one JSON object."""
    return json.dumps(figures(both, threshold), indent=1) + "\n"

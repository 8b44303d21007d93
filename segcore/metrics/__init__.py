"""Every number the app shows comes from here: NumPy arrays in, plain numbers out.

Counts first, reductions after: count the pixels of a picture once, add the
counts of many pictures, then read any metric off the sum.
"""

from segcore.metrics._average_precision import Curve
from segcore.metrics.boundary import boundary, boundary_iou, boundary_width
from segcore.metrics.boxes import (
    box_iou,
    complete_iou,
    distance_iou,
    generalized_iou,
    pairwise_box_iou,
)
from segcore.metrics.calibration import CalibrationMeter, Reliability
from segcore.metrics.class_meter import ClassMeter
from segcore.metrics.instance import InstanceMeter, Objects
from segcore.metrics.masks import CutMasks, cut_labels, cut_masks, mask_iou
from segcore.metrics.matching import Matching, match
from segcore.metrics.overlap import (
    Counts,
    OverlapMeter,
    class_counts,
    class_dice,
    class_iou,
    confusion_matrix,
    count,
    dice,
    iou,
    matrix_accuracy,
    mean_defined,
    mean_iou,
    pixel_accuracy,
    precision,
    recall,
)
from segcore.metrics.panoptic import PanopticCounts, PanopticMeter, match_segments
from segcore.metrics.surface import (
    hausdorff,
    hausdorff95,
    mean_surface_distance,
    surface_distances,
    surface_pixels,
)
from segcore.metrics.sweep import Sweep, SweepMeter

__all__ = [
    "CalibrationMeter",
    "ClassMeter",
    "Counts",
    "Curve",
    "CutMasks",
    "InstanceMeter",
    "Matching",
    "Objects",
    "OverlapMeter",
    "PanopticCounts",
    "PanopticMeter",
    "Reliability",
    "Sweep",
    "SweepMeter",
    "boundary",
    "boundary_iou",
    "boundary_width",
    "box_iou",
    "class_counts",
    "class_dice",
    "class_iou",
    "complete_iou",
    "confusion_matrix",
    "count",
    "cut_labels",
    "cut_masks",
    "dice",
    "distance_iou",
    "generalized_iou",
    "hausdorff",
    "hausdorff95",
    "iou",
    "mask_iou",
    "match",
    "match_segments",
    "matrix_accuracy",
    "mean_defined",
    "mean_iou",
    "mean_surface_distance",
    "pairwise_box_iou",
    "pixel_accuracy",
    "precision",
    "recall",
    "surface_distances",
    "surface_pixels",
]

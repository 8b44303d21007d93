"""Every number the app shows comes from here: NumPy arrays in, plain numbers out.

Counts first, reductions after: count the pixels of a picture once, add the
counts of many pictures, then read any metric off the sum.
"""

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

__all__ = [
    "Counts",
    "OverlapMeter",
    "class_counts",
    "class_dice",
    "class_iou",
    "confusion_matrix",
    "count",
    "dice",
    "iou",
    "matrix_accuracy",
    "mean_defined",
    "mean_iou",
    "pixel_accuracy",
    "precision",
    "recall",
]

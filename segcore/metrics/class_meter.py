"""Mean IoU of a multi-class data set, and every other number of its confusion matrices.

**The rule for absent classes.** Each figure exists twice. Over the data set, the
confusion matrices of all pictures are summed first, then each class is scored (this
is the mean IoU of VOC and Cityscapes). Per image, each class is scored in each
picture, then averaged over the pictures. In both, a class that is in neither target
nor prediction is undefined, `nan`, and left out of every mean; a class that is only
predicted, or never found, scores 0 and is kept. Known traps, each with a test (see
also voxel51/fiftyone#2503):

- an absent class scored as 0 makes a perfect prediction imperfect
  (tensorflow/tensorflow#12294; Lightning-AI/torchmetrics#2866 and a comment in #2558);
- an absent class scored as 1, the cure proposed in tensorflow#12294, rewards classes
  that are not there;
- a class that is predicted but absent from the target must not be taken for an absent
  one: its false positives would vanish from the mean;
- scores of batches must be neither summed (torchmetrics#2558: a mean IoU of 56) nor
  averaged: here counts are added and means are taken once, so batches do not matter.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segcore.metrics.overlap import (
    Counts,
    class_counts,
    class_dice,
    class_iou,
    confusion_matrix,
    dice,
    iou,
    matrix_accuracy,
    mean_defined,
    mean_iou,
)


class ClassMeter:
    """Metrics of a multi-class data set; keeps a matrix, and four numbers a class and picture.

    Parameters
    ----------
    classes : int, at least 1
        Number of classes.
    ignore_index : int, optional
        Pixels whose target is this are left out; see `confusion_matrix`.

    Attributes
    ----------
    matrix : (classes, classes) int64
        Sum of the confusion matrices: rows target, columns prediction.
    per_image : list of lists of Counts
        Each class against all others, picture by picture.

    Examples
    --------
    >>> meter = ClassMeter(classes=3)
    >>> matrix = meter.update([[0, 0, 1, 1]], [[0, 0, 1, 0]])  # class 2 occurs nowhere
    >>> result = meter.result()
    >>> round(result["miou"], 3), result["iou_by_class"].round(3)  # (2/3 + 1/2) / 2
    (0.583, array([0.667, 0.5  ,   nan]))
    """

    def __init__(self, classes: int, ignore_index: int | None = None) -> None:
        """Start without pictures."""
        if classes < 1:
            raise ValueError(f"classes is {classes}, but must be at least 1.")
        self.classes, self.ignore_index = classes, ignore_index
        self.matrix = np.zeros((classes, classes), np.int64)
        self.per_image: list[list[Counts]] = []

    def update(self, target: ArrayLike, prediction: ArrayLike) -> NDArray[np.int64]:
        """Add one picture and return its matrix; arguments and errors as `confusion_matrix`."""
        matrix = confusion_matrix(target, prediction, self.classes, self.ignore_index)
        self.matrix += matrix
        self.per_image.append(class_counts(matrix))
        return matrix

    def result(self) -> dict[str, float | NDArray[np.float64]]:
        """Return the metrics of all pictures so far, fractions in [0, 1]; nan where undefined.

        Returns
        -------
        dict
            `images`, their number. Over the data set: `miou`, `mean_dice`,
            `pixel_accuracy`, and (classes,) arrays `iou_by_class`, `dice_by_class`. Per
            image: `iou_per_image_by_class`, `dice_per_image_by_class`, arrays of means
            over the pictures where the class is defined; `miou_per_image`, the mean over
            pictures of their own mean IoU. All as the module's rule says.
        """
        by_class = list(zip(*self.per_image, strict=True)) or [()] * self.classes
        return {
            "images": len(self.per_image),
            "miou": mean_iou(self.matrix),
            "mean_dice": mean_defined(class_dice(self.matrix)),
            "pixel_accuracy": matrix_accuracy(self.matrix),
            "iou_by_class": class_iou(self.matrix),
            "dice_by_class": class_dice(self.matrix),
            "iou_per_image_by_class": np.array([mean_defined(map(iou, c)) for c in by_class]),
            "dice_per_image_by_class": np.array([mean_defined(map(dice, c)) for c in by_class]),
            "miou_per_image": mean_defined(
                mean_defined(map(iou, counts)) for counts in self.per_image
            ),
        }

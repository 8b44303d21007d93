"""RoIAlign: features of a box, on a grid of its own, read between the cells."""

from __future__ import annotations

import tensorflow as tf

from segcore.models.detection.settings import CANONICAL, CANONICAL_LEVEL, ROI_STRIDES


def level_of(boxes):
    """Return the index in `ROI_STRIDES` of the level that each of (n, 4) boxes reads.

    Lin et al., "Feature pyramid networks", CVPR 2017, equation 1, with a canonical size of
    128 instead of 224 pixels, as our pictures are smaller.
    """
    height, width = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    octaves = tf.math.log(tf.sqrt(tf.maximum(height * width, 1e-6)) / CANONICAL) / tf.math.log(2.0)
    level = CANONICAL_LEVEL + tf.cast(tf.floor(octaves + 1e-6), tf.int32)
    return tf.clip_by_value(level, 0, len(ROI_STRIDES) - 1)


def pyramid_align(features, boxes, pictures, size: int):
    """Return the features of boxes, each from the level that its size asks for.

    Parameters
    ----------
    features : list of (batch, h, w, channels)
        Of `ROI_STRIDES`, any float dtype.
    boxes : (n, 4) float32
        Within the picture.
    pictures : (n,) int32
        Which picture of the batch each box is in.
    size : int
        Bins a side.

    Returns
    -------
    (n, size, size, channels) float32
    """
    levels = level_of(boxes)
    parts, places = [], []
    for i, (feature, stride) in enumerate(zip(features, ROI_STRIDES, strict=True)):
        here = tf.cast(tf.where(levels == i)[:, 0], tf.int32)
        places.append(here)
        parts.append(
            roi_align(feature, tf.gather(boxes, here), tf.gather(pictures, here), stride, size)
        )
    order = tf.math.invert_permutation(tf.concat(places, 0))
    return tf.gather(tf.concat(parts, 0), order)


def roi_align(feature, boxes, pictures, stride: int, size: int):
    """Return the mean of 2 x 2 bilinear samples in each of size x size bins of boxes.

    Parameters as of `pyramid_align`, for one level; bins and samples are regularly placed and
    nothing is rounded (He et al., "Mask R-CNN", ICCV 2017, section 3). A cell's value stands
    at its centre; beyond the outermost centres the nearest value holds.

    Notes
    -----
    The samples are a regular grid of twice the size, which is what
    ``tf.image.crop_and_resize`` reads, given the places of the first and the last. One more
    cell around the map repeats the border's values.
    """
    padded = tf.pad(tf.cast(feature, tf.float32), [[0, 0], [1, 1], [1, 1], [0, 0]], "SYMMETRIC")
    last = tf.cast(tf.shape(padded)[1:3] - 1, tf.float32)
    start, stop = boxes[:, :2] / stride, boxes[:, 2:] / stride
    inset = (stop - start) / (4 * size)
    # A place p in units of cells is index p - 0.5, and one more in the padded map.
    ends = tf.concat([(start + inset + 0.5) / last, (stop - inset + 0.5) / last], -1)
    samples = tf.image.crop_and_resize(padded, ends, pictures, (2 * size, 2 * size))
    return tf.nn.avg_pool2d(samples, 2, 2, "VALID")

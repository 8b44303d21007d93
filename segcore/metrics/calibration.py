"""Whether probabilities mean what they say: reliability diagram and calibration error.

Of the pixels given a probability of 0.8, 80 % should be foreground. Pixels are put in
bins of equal width; a bin compares the mean probability of its pixels with the share
of them that is foreground. The expected calibration error is the mean of these gaps,
each bin with the weight of its pixels. Bins are open below and closed above, (0.1, 0.2]
say; only the first holds its lower end, 0.

References
----------
Naeini, Cooper and Hauskrecht, AAAI 2015, pp. 2901-2907 (ECE and MCE of binary
probabilities); Guo, Pleiss, Sun and Weinberger, ICML 2017, pp. 1321-1330, section 2
(bins of equal width, confidence of the class chosen).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segcore.metrics import _checks

_BLOCK = 1 << 18  # pixels binned at a time: bounds the memory


@dataclass(frozen=True, slots=True)
class Reliability:
    """Counts of a reliability diagram with B bins, and what follows from them.

    Attributes
    ----------
    edges : (B + 1,) float64
        Ends of the bins, from 0 to 1.
    pixels, right : (B,) int64
        Pixels in each bin; those of them that are foreground, or, if the diagram is of
        confidences, whose class is right.
    mass : (B,) float64
        Sum of the probabilities in each bin.
    """

    edges: NDArray[np.float64]
    pixels: NDArray[np.int64]
    right: NDArray[np.int64]
    mass: NDArray[np.float64]

    @property
    def probability(self) -> NDArray[np.float64]:
        """Mean probability of each bin, (B,); nan in an empty bin."""
        return _share(self.mass, self.pixels)

    @property
    def frequency(self) -> NDArray[np.float64]:
        """Share of each bin's pixels that is right, (B,); nan in an empty bin."""
        return _share(self.right, self.pixels)

    @property
    def ece(self) -> float:
        """Expected calibration error, in [0, 1]; nan without pixels."""
        return _checks.ratio(float(np.abs(self.mass - self.right).sum()), int(self.pixels.sum()))

    @property
    def mce(self) -> float:
        """Largest gap of a bin, in [0, 1]; nan without pixels."""
        gaps = np.abs(self.probability - self.frequency)
        return float(np.nanmax(gaps)) if self.pixels.any() else math.nan


class CalibrationMeter:
    """Reliability of a data set's probabilities, picture by picture; keeps three numbers a bin.

    Parameters
    ----------
    bins : int, at least 1
        Number of bins of equal width; 15 in Guo et al.
    confidence : bool
        False: the probability of the foreground against how often it is there (Naeini
        et al.). True: the probability of the class chosen, max(p, 1 - p), against how
        often the choice is right (Guo et al.); 0.5 chooses the foreground.

    Raises
    ------
    ValueError
        If `bins` is below 1.

    Examples
    --------
    >>> meter = CalibrationMeter(bins=2)
    >>> meter.update([[0.25, 0.25, 1.0, 1.0]], [[0, 1, 1, 1]])
    >>> meter.result().frequency, meter.result().ece  # gaps 0.25 and 0, two pixels each
    (array([0.5, 1. ]), 0.125)
    """

    def __init__(self, bins: int = 15, confidence: bool = False) -> None:
        """Start without pictures."""
        if bins < 1:
            raise ValueError(f"bins is {bins}, but a diagram needs at least 1.")
        self.bins, self.confidence = bins, confidence
        self._edges = np.arange(bins + 1) / bins
        self._pixels = np.zeros((2, bins), np.int64)  # wrong, right
        self._mass = np.zeros(bins)

    def update(
        self, probability: ArrayLike, target: ArrayLike, ignore: ArrayLike | None = None
    ) -> None:
        """Add one picture.

        Parameters
        ----------
        probability : (H, W) uint8, or floats in [0, 1]
            Probability of the foreground; 0 to 255 stand for 0 to 1.
        target : (H, W) bool, or integers 0 and 1
        ignore : (H, W) bool, or integers 0 and 1, optional
            True at the pixels to leave out.

        Raises
        ------
        ValueError
            If the probabilities are neither, or out of range, a mask is not binary, or
            the shapes differ.
        """
        values, truth = probabilities(probability, target, ignore)
        if values.dtype == np.uint8:
            levels = np.bincount(values + truth * np.intp(256), minlength=512).reshape(2, 256)
            self._add(np.arange(256) / 255, levels)
            return
        for start in range(0, values.size, _BLOCK):
            block = slice(start, start + _BLOCK)
            ones = truth[block].astype(np.int64)
            self._add(values[block].astype(np.float64), np.stack([1 - ones, ones]))

    def result(self) -> Reliability:
        """Return the diagram of all pictures so far."""
        return Reliability(
            self._edges, self._pixels.sum(axis=0), self._pixels[1].copy(), self._mass.copy()
        )

    def _add(self, values: NDArray[np.float64], pixels: NDArray[np.int64]) -> None:
        """Add pixels, (2, n): background and foreground ones with each value, (n,)."""
        if self.confidence:
            chosen = values >= 0.5
            values = np.where(chosen, values, 1 - values)
            pixels = np.where(chosen, pixels, pixels[::-1])
        bins = np.maximum(np.searchsorted(self._edges, values, side="left") - 1, 0)
        for row, counts in zip(self._pixels, pixels, strict=True):
            row += np.bincount(bins, counts, self.bins).astype(np.int64)
        self._mass += np.bincount(bins, values * pixels.sum(axis=0), self.bins)


def probabilities(
    probability: ArrayLike, target: ArrayLike, ignore: ArrayLike | None
) -> tuple[NDArray, NDArray[np.bool_]]:
    """Return the probabilities and the truth of the kept pixels, flat, or raise ValueError."""
    truth = _checks.mask(target, "target")
    values = np.asarray(probability)
    _checks.same_shape(values, "probability", truth.shape)
    if values.dtype != np.uint8 and values.dtype.kind != "f":
        raise ValueError(f"probability has dtype {values.dtype}, but must be uint8 or float.")
    values, flat = values.ravel(), truth.ravel()
    if ignore is not None:
        kept = ~_checks.mask(ignore, "ignore", truth.shape).ravel()
        values, flat = values[kept], flat[kept]
    if values.dtype != np.uint8 and values.size:
        low, high = values.min(), values.max()
        if not (low >= 0 and high <= 1):  # so that nan is caught too
            odd = high if low >= 0 else low
            raise ValueError(f"probability holds {odd}, but must be 0 to 1: apply the sigmoid.")
    return values, flat


def _share(part: NDArray, whole: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)

"""What a network expects of its input: 8-bit values, shifted and scaled."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Normalisation:
    """Maps 8-bit values to ``(value - mean) / std``.

    Attributes
    ----------
    mean, std : float
        On the scale of 0 to 255, the same for all channels.

    Examples
    --------
    >>> Normalisation(0, 255)(51)
    0.2
    """

    mean: float
    std: float

    @staticmethod
    def of(architecture: str) -> Normalisation:
        """Return what the networks of an architecture expect."""
        return UNIT if architecture in ("lecture_unet", "original_unet") else EFFICIENTNET_LITE

    def __call__(self, picture):
        """Return the normalised picture, array or tensor."""
        return (picture - self.mean) / self.std


UNIT = Normalisation(0.0, 255.0)
EFFICIENTNET_LITE = Normalisation(127.0, 128.0)

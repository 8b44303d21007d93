"""The settings of the augmentation; `segcore.datasets.augment` carries them out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Augmentation:
    """How strong each change is; zero switches it off.

    Attributes
    ----------
    flip : bool
        Mirror left and right with probability 1/2.
    rotation : float
        Largest turn either way, degrees.
    scale : float
        Largest zoom either way: 0.3 shows between 1/1.3 and 1.3 of the picture's side.
    shift : float
        Largest move either way, fraction of the side.
    elastic : float
        Standard deviation of a smooth displacement (Ronneberger et al. 2015, page 6; a
        4x4 grid of random vectors), fraction of the side.
    brightness, contrast, saturation : float
        Largest change: brightness adds up to this fraction of white, contrast and
        saturation multiply by up to 1 plus or minus this.
    """

    flip: bool = True
    rotation: float = 15.0
    scale: float = 0.3
    shift: float = 0.1
    elastic: float = 0.02
    brightness: float = 0.2
    contrast: float = 0.25
    saturation: float = 0.3

    @staticmethod
    def off() -> Augmentation:
        """Return the settings that change nothing."""
        return Augmentation(
            **{name: type(value)(0) for name, value in vars(Augmentation()).items()}
        )

"""Drawn shapes: geometry in picture coordinates, rasterised at the picture's own size."""

from segcore.drawing.drawing import PREDICTION, SIDES, TARGET, Drawing, Mark, default_boxes
from segcore.drawing.errors import DrawingError
from segcore.drawing.shapes import Box, Brush, Polygon, Shape

__all__ = [
    "PREDICTION",
    "SIDES",
    "TARGET",
    "Box",
    "Brush",
    "Drawing",
    "DrawingError",
    "Mark",
    "Polygon",
    "Shape",
    "default_boxes",
]

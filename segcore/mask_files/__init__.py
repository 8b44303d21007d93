"""Masks from files: PNG, COCO JSON, LabelMe JSON and Pascal VOC XML, told apart by content."""

from segcore.mask_files.errors import MaskFileError
from segcore.mask_files.read import ACCEPTED, MAX_BYTES, SUFFIXES, read

__all__ = ["ACCEPTED", "MAX_BYTES", "SUFFIXES", "MaskFileError", "read"]

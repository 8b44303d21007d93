"""What both engines of a detector have to agree on (no TensorFlow here)."""

from __future__ import annotations

import math

ROI_STRIDES = (4, 8, 16, 32)  # of P2 to P5, which the heads read
CANONICAL = 128.0  # side of the objects that read P4; half of it P3, and so on
CANONICAL_LEVEL = 2  # P4's index
BOX_BINS, MASK_BINS = 7, 14
HEAD_WEIGHTS = (10.0, 10.0, 5.0, 5.0)  # Girshick, py-faster-rcnn: unit variance of the targets
LARGEST_STEP = math.log(1000 / 16)  # of a logarithm of size: keeps exp finite
PROPOSAL_OVERLAP = 0.7  # IoU at which the lower of two proposals goes
SMALLEST = 2.0  # pixels a side of a proposal
BEFORE, AFTER = 300, 128  # proposals of a level before, of a picture after suppression

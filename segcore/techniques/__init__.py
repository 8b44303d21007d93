"""Classical segmentation methods, thin over scikit-image and OpenCV; one file a family."""

from segcore.techniques.bench import FAMILIES, WORKING_SIDE, Run, methods, run, score, working_size
from segcore.techniques.types import Answer, Choice, Method, Number, Prompts, Step, middle

__all__ = [
    "FAMILIES",
    "WORKING_SIDE",
    "Answer",
    "Choice",
    "Method",
    "Number",
    "Prompts",
    "Run",
    "Step",
    "methods",
    "middle",
    "run",
    "score",
    "working_size",
]

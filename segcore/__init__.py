"""Image segmentation: networks, classical methods, metrics and the tools around them."""

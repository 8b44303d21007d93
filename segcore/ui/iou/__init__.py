"""The parts of the page IoU calculator."""

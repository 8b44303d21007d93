"""The parts of the page Techniques."""

"""The error of everything that reads drawings."""


class DrawingError(ValueError):
    """A drawing that cannot be used; the message is one sentence to show to the visitor."""

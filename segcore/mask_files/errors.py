"""The error of all readers of mask files."""


class MaskFileError(ValueError):
    """A mask file that cannot be used; the message is one sentence to show to the visitor."""

"""The views of the page U-Net."""

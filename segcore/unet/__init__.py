"""What the page U-Net teaches, without widgets."""

"""The lecture's U-Net explained: what is inside it, layer by layer."""

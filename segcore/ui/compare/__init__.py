"""The page Compare: one picture as semantic, instance and panoptic segmentation."""

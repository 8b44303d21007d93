"""Scenes as semantic, instance and panoptic segmentation: all that is not a network."""

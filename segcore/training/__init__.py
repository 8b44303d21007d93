"""Training in a process of its own: recipes, the trainer, its run folder, the export."""

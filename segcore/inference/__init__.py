"""Trained models in use: the zoo, the two engines, and the call that ties them together."""

"""What a visitor points at: acts, what a promptable model makes of them, objects that are kept."""

"""Data into figures: one theme, what the player receives, and standalone files."""

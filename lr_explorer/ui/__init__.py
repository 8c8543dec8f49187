"""Parameters to widgets to links, the page frame, and the player."""

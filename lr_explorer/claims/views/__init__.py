"""What is drawn beside an experiment: what its arms did, measured once more for the picture, and what theory predicts of it."""

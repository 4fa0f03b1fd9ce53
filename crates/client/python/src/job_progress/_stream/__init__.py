"""Following jobs live: a state machine without input and output, and the loops that drive it."""

"""What each concept costs, side by side."""

REFERENCE = "reference"
ROUNDS = 15  # of a case, for contestants that are quick enough
STEEPER = 0.3  # than the stated exponent: an accident

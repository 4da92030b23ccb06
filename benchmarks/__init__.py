"""What each concept costs, side by side."""

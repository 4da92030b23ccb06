"""What exists: the functions of each folder, and the catalogue of concepts that is read from the paths."""

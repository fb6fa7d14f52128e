"""From a prompt to a picture: the parts of the course as boxes that can be swapped."""

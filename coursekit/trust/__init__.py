"""Where a picture comes from: signed histories, hidden marks, and what removes them."""

"""A year of real purchases sent through Laurel as its customers would send them."""

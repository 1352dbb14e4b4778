"""Live pages: which views changed, told to the browsers that show them."""

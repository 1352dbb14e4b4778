"""What families have told messaging about a day of school, as a fact of the roll."""

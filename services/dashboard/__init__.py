"""dashboard (カルテ and boards): read models, department feeds, and the web front end with its BFF."""

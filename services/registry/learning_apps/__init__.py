"""The roster for learning apps: OneRoster 1.2 REST, as far as the app's record of purpose allows."""

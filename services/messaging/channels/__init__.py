"""What guardians are told where they want to be told it: e-mail and web push, with what became of each message."""

"""What every service stands on. Nothing enters that only one service needs."""

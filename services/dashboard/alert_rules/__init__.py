"""決まり of 気がかりな欠席: the board's own, from a day on, tried on past months before they hold."""

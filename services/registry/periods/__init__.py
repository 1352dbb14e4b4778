"""時限ごとの出欠: the roll of one lesson of a class, and what it says beside the day's (docs/periods.md)."""

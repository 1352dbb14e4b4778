"""欠課時数: a class's lessons added up per child, of a month and of the school year so far (docs/periods.md)."""

"""Rules of this code that no general linter knows. One module a rule, its reason in the docstring.

`python -m tools.lint` reads every source and prints what breaks a rule, with the allowed form. A line that must
break one says so itself: `# allow <rule>: <reason>` (`-- allow <rule>: <reason>` in SQL).
"""

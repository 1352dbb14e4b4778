"""PostgreSQL: logins, roles and walls, the unit of work, periods, migrations (decisions.md §§1, 3, 4).

The door to a service's rows is ``Units``: nothing else opens a session, so nothing forgets the tenant.
"""

from shared.database.engine import Login, connect, make_engine, refuse_privileged
from shared.database.statements import Statement
from shared.database.units import AlreadyDone, Busy, Command, Moved, Scope, Units, Work

__all__ = [
    "AlreadyDone",
    "Busy",
    "Command",
    "Login",
    "Moved",
    "Scope",
    "Statement",
    "Units",
    "Work",
    "connect",
    "make_engine",
    "refuse_privileged",
]

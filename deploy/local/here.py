"""Which deployment a command is about."""

from pathlib import Path

from deploy.deployment import Deployment
from deploy.local.authority import trust
from deploy.local.instance import CHOICES, Instance
from deploy.local.state import LocalError, state_place
from deploy.platform.deployed import Deployed
from deploy.platform.settings import chosen


def here() -> Deployment:
    """The one this process was told of by its environment, or the one on this machine."""
    return Deployed.here() if chosen() else local()


def begun() -> Deployment:
    """The same, for what only asks it something: where none was begun none is made.

    Raises LocalError there: mostly the one that is meant has its state in another folder.
    """
    place = state_place()
    if not chosen() and not (place / CHOICES).exists():
        raise LocalError(
            f"{place} では、まだ何も始めていません。TSUMUGI_STATE をつけて始めたときは、"
            "このコマンドにも同じものをつけてください。"
        )
    return here()


def local(state: Path | None = None, *, instead: str = "") -> Instance:
    """The deployment of this machine; its own certificates are trusted from now on.

    Raises LocalError as :func:`of_this_machine` does.
    """
    of_this_machine(instead=instead)
    instance = Instance(state)
    if instance.platform:
        trust(instance.authority)
    return instance


def of_this_machine(*, instead: str = "") -> None:
    """For what only a deployment on this machine can do.

    Raises LocalError where this process was told of one elsewhere: its folder is no home for another. ``instead``: what
    leads to the same there.
    """
    if chosen():
        raise LocalError(
            "このコマンドは1台の機械（`make up`、`make stack`）のためのもので、Compose と Kubernetes では使いません。"
            + instead
        )

"""`python -m deploy.local` is `tsumugi`."""

from deploy.local.cli import main

main()

"""The archive of a publisher's log over HTTP: for consumers that are older, or newer, than what a broker still keeps.

The log is the archive (decisions.md §3): Kafka keeps facts for 35 days, the log for as long as the law says. ``api.py``
serves it, ``feed.py`` reads it and then joins the topics by position.
"""

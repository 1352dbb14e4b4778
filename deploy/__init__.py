"""From topology to running processes: the only place that knows editions, ports, secrets, the environment."""

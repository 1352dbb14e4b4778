"""The whole platform on one machine, in containers: docker-compose.yml, and what it is made with."""

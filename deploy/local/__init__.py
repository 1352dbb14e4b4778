"""Everything on one machine from package registries: PostgreSQL, Kafka, the services in one process."""

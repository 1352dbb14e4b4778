"""Topics and rights of the secured broker: made from the topology and the departments' grants, compared, kept up."""

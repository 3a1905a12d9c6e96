"""Tables and queries of BigQuery, read as Arrow by its Storage Read API."""

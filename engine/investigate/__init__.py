"""From a request to a concluded investigation."""

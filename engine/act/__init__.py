"""What can be done about an incident: proposals, their identities, and the queue that keeps them."""

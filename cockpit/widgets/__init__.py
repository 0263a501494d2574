"""The widgets that screens are made of. They draw the folded state of an incident and send no commands."""

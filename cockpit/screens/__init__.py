"""The cockpit's screens: the list of incidents, an incident (live or replayed), and the dialogs over them."""

"""What a person sees and types: the command line, the full-screen cockpit, plain reports."""

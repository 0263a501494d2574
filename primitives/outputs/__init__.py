"""What engineers and tools collected as text: the output of kubectl, of clouds' command lines, hosts and databases.

`jc` (MIT, maintained) parses many of these commands, but none of `kubectl describe`, psql, mysql or consumer groups,
which say the most here; it brings two more libraries, and its patterns aren't made for outsiders' text. What is needed
of df, free, dig or systemctl is a table under its header, or a word of one line.
"""

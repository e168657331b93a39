"""The command line: `app` is the program, each command a file; the others read arguments and write answers."""

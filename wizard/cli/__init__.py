"""The command line: what was asked, done through the engine, answered in words, data and an exit code."""

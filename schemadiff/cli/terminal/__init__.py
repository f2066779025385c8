"""Streams, keyboard and signals. `terminal`, `bar` and `console` are the only modules that know Rich.

terminal   where lines are written and questions asked
console    Rich's console, loaded where there are colours
bar        the bar of a long step
run_lines  the lines of a run: steps and waits
signals    how Ctrl-C and SIGTERM stop a run
leaving    how a run ends that does not stop by itself
"""

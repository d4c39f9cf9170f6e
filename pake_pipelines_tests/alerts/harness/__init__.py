"""Timed scripts over the alert engine and delivery, in the manner of Alertmanager's acceptance tests.

A script says what the world does at which second of a fake clock, and which messages a recording HTTP receiver must
get between which seconds. The same scripts are played undisturbed, with a restart between any two steps, by two daemons
at once, with the sender killed inside the send, and with bugs planted on purpose, which they must notice.
"""

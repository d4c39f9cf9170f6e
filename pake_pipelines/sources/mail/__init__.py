"""Mailboxes over IMAP, and the text of messages."""

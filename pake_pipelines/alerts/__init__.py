"""Floor 3: from what is read of health to what a person is told: rules, episodes, groups, outbox, incidents."""

"""What alert rules look at: one module per input, each a pure function from plain facts to `Readings`."""

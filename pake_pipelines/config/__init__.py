"""What the user decides: typed models of `configs/*.yaml`, the packaged defaults beneath them, and their loading."""

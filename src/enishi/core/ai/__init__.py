"""What machines read, on this machine or by a service that the organisation chose: one plugin kind for each ability."""

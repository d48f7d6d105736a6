"""What the machine hears: sentences, their feelings, and the themes that they come near."""

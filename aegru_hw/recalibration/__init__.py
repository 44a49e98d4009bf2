"""From the decoder of one day to that of another, in the same number formats and masks."""

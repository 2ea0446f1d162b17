"""From a claim to a decision that explains itself."""

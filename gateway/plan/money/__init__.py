"""From decided claims to the employer's money and back."""

"""The first coefficients in 1/b at any step: cumulants about the noiseless path."""

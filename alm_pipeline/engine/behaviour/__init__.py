"""What customers do, as tables per cohort; computed outside the kernels."""

"""The runs of an output folder as they were recorded: which there are, what each left, and what two of them differ in."""

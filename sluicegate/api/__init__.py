"""What `import sluicegate` gives: runs, what each measured and left, and the models (docs/python.md).

Read-only, and without TFX, TensorFlow or ML Metadata until what is asked for needs them.
"""

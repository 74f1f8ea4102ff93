"""Runs a SavedModel: loading, warm-up, and putting requests together into batches."""

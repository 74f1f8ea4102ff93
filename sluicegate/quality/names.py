"""Names of the metrics, for who needs no numbers."""

#: Metrics of a task.  The first is what must beat a constant.
METRICS_OF: dict[str, tuple[str, ...]] = {
    "binary": ("auc", "auc_pr", "accuracy", "log_loss", "brier", "precision", "recall", "f1", "calibration_ratio"),
    "multiclass": ("accuracy", "log_loss", "macro_auc"),
    "regression": ("r2", "rmse", "mae", "mse"),
}
#: Metrics of which less is better; a limit on them reads `at_most`, a drop is a rise.
LOWER_IS_BETTER = frozenset({"log_loss", "brier", "rmse", "mae", "mse"})

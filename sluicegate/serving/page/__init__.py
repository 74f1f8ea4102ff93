"""The page at /: what the server does right now, and a form that asks it something."""

from sluicegate.serving.page.page import page

__all__ = ["page"]

"""A painter of flower gardens: paint(labels, seed, size) gives a picture, always the same one."""
from painter.labels import Labels, random_labels
from painter.picture import paint

__all__ = ["Labels", "paint", "random_labels"]

"""Whether answers contradict each other: their claims compared without any model's weights, in English and Chinese."""

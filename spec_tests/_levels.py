"""The properties of which a check is one, by the level at which they are asked."""

PROPERTIES = {
    "core": ("value", "gradient", "agreement", "law"),
    "robust": ("generality", "stability", "purity", "layout", "dtype", "scale"),
    "strict": ("convention", "errors"),
}
LEVEL_OF = {name: level for level, names in PROPERTIES.items() for name in names}

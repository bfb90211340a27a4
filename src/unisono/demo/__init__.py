"""The pool of `unisono demo`: two small real models that come as ordinary packages."""

"""The parts of a two-stage detector, each a small pure function.

Boxes are float32 ``(y_min, x_min, y_max, x_max)`` in pixels of the picture, edges not centres:
the whole of a 320 px square is ``(0, 0, 320, 320)``.
"""

"""A transposed convolution of one channel, cell by cell, in NumPy.

Each input cell lays a copy of the kernel, times its own value, on the output; the next cell's
copy lies `stride` further. Where copies overlap they add up.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Grid = NDArray[np.float64]
NEAREST, BILINEAR, RANDOM = "Nearest", "Bilinear", "Random, as before training"
KERNELS = (NEAREST, BILINEAR, RANDOM)


def output_side(side: int, size: int, stride: int) -> int:
    """Return the output's side, ``(side - 1) * stride + size``: no padding, nothing cut off.

    Examples
    --------
    >>> output_side(4, 2, 2), output_side(4, 3, 2)
    (8, 9)
    """
    _check_step(size, stride)
    return (side - 1) * stride + size


def parameters(size: int, inputs: int, outputs: int) -> int:
    """Return the number of weights of a layer: ``size**2 * inputs * outputs + outputs``.

    Parameters
    ----------
    size : int
        Side of the kernel.
    inputs, outputs : int
        Channels before and after; each output channel has one bias.

    Examples
    --------
    >>> parameters(2, 512, 64)  # the first of the lecture's U-Net
    131136
    """
    return size * size * inputs * outputs + outputs


def kernel(name: str, size: int, seed: int = 0) -> Grid:
    """Return a kernel by its name.

    Parameters
    ----------
    name : str
        One of `KERNELS`. "Nearest" is all ones: with a stride of its own size it repeats each
        value. "Bilinear" falls in a straight line from the middle: with a stride of half its
        size, or of half of one more, it draws a straight line between two values, as the
        layers of Long et al. start. "Random, as before training" is Keras's start, uniform
        within ``sqrt(6 / (fan_in + fan_out))`` (Glorot and Bengio 2010), of one channel.
    size : int
        Side of the kernel, 1 or more.
    seed : int
        Of the random kernel.

    Returns
    -------
    (size, size) float64

    Raises
    ------
    ValueError
        If there is no such kernel or its side is below 1.

    References
    ----------
    Long, Shelhamer and Darrell, "Fully convolutional networks for semantic segmentation",
    CVPR 2015, section 4.3.

    Examples
    --------
    >>> kernel("Bilinear", 3).tolist()
    [[0.25, 0.5, 0.25], [0.5, 1.0, 0.5], [0.25, 0.5, 0.25]]
    """
    _check_step(size, 1)
    if name == NEAREST:
        return np.ones((size, size))
    if name == BILINEAR:
        half = (size + 1) // 2
        line = 1 - np.abs(np.arange(size) - (size - 1) / 2) / half
        return np.outer(line, line)
    if name == RANDOM:
        limit = np.sqrt(6 / (2 * size * size))
        return np.random.default_rng(seed).uniform(-limit, limit, (size, size))
    raise ValueError(f"There is no kernel {name!r}; accepted are {', '.join(KERNELS)}.")


def transpose(values: Grid, weights: Grid, stride: int, cells: int | None = None) -> Grid:
    """Return the transposed convolution of one channel, without bias.

    Parameters
    ----------
    values : (height, width) float
        Input.
    weights : (size, size) float
        Kernel, as `keras.layers.Conv2DTranspose` keeps it: not turned around.
    stride : int
        1 or more.
    cells : int, optional
        Only the first so many input cells, row by row; all of them unless told.

    Returns
    -------
    ((height - 1) * stride + size, (width - 1) * stride + size) float64
        As of ``padding="valid"``, without the zeros that Keras adds below and to the right
        where the kernel is smaller than the stride.

    Raises
    ------
    ValueError
        If values or kernel do not have two axes, the kernel is not square, or the stride is
        below 1.

    References
    ----------
    Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016, chapter 4.

    Examples
    --------
    >>> transpose(np.array([[1.0, 2.0]]), np.ones((2, 2)), 2)
    array([[1., 1., 2., 2.],
           [1., 1., 2., 2.]])
    """
    if values.ndim != 2 or weights.ndim != 2 or weights.shape[0] != weights.shape[1]:
        raise ValueError(
            f"values are {values.shape} and the kernel is {weights.shape}; accepted are "
            "(height, width) and (size, size)."
        )
    height, width = values.shape
    size = len(weights)
    rows, columns = (output_side(side, size, stride) for side in (height, width))
    if cells is not None:
        used = np.arange(values.size).reshape(values.shape) < cells
        values = np.where(used, values, 0)
    output = np.zeros((rows, columns))
    # One step for each weight instead of one for each input cell: there are fewer of them.
    for y in range(size):
        for x in range(size):
            place = np.s_[y : y + stride * height : stride, x : x + stride * width : stride]
            output[place] += weights[y, x] * values
    return output


def stamp(values: Grid, weights: Grid, stride: int, cell: int) -> Grid:
    """Return what one input cell adds to the output: the kernel times its value, else 0.

    `cell` counts from 0, row by row; IndexError beyond the last one. The stamps of all cells
    add up to `transpose`, whose other arguments and output these are.
    """
    row, column = _place(values, cell)
    alone = np.zeros(values.shape)
    alone[row, column] = values[row, column]
    return transpose(alone, weights, stride)


def reach(values: Grid, size: int, stride: int, cell: int) -> tuple[slice, slice]:
    """Return the rows and columns of the output that input cell number `cell` reaches.

    Examples
    --------
    >>> reach(np.zeros((4, 4)), 3, 2, 5)
    (slice(2, 5, None), slice(2, 5, None))
    """
    row, column = _place(values, cell)
    return np.s_[
        row * stride : row * stride + size,
        column * stride : column * stride + size,
    ]


def coverage(shape: tuple[int, int], size: int, stride: int, cells: int | None = None) -> Grid:
    """Return how many input cells reach each output cell; arguments as of `transpose`.

    Uneven inside the picture where the kernel's size is no multiple of the stride: the
    checkerboard of Odena, Dumoulin and Olah, "Deconvolution and checkerboard artifacts",
    Distill 2016.

    Examples
    --------
    >>> coverage((1, 3), 3, 2)[0]
    array([1., 1., 2., 1., 2., 1., 1.])
    """
    return transpose(np.ones(shape), np.ones((size, size)), stride, cells)


def flat_response(weights: Grid, stride: int) -> Grid:
    """Return what a flat input of ones becomes, away from the border.

    Returns
    -------
    (stride, stride) float64
        The pattern that repeats over the output: one number throughout if the kernel and
        stride leave a flat area flat.

    Examples
    --------
    >>> flat_response(kernel("Nearest", 3), 2)
    array([[4., 2.],
           [2., 1.]])
    """
    _check_step(len(weights), stride)
    pattern = np.zeros((stride, stride))
    for y in range(stride):
        for x in range(stride):
            pattern[y, x] = weights[y::stride, x::stride].sum()
    return pattern


def _place(values: Grid, cell: int) -> tuple[int, int]:
    if not 0 <= cell < values.size:
        raise IndexError(f"cell is {cell}; accepted are 0 to {values.size - 1}.")
    return divmod(cell, values.shape[1])


def _check_step(size: int, stride: int) -> None:
    if size < 1 or stride < 1:
        raise ValueError(f"The kernel is {size} and the stride {stride}; each must be 1 or more.")

"""What each kind of layer does where it stands, in one sentence."""

from __future__ import annotations

from segcore.unet.plan import Layer


def sentence(layer: Layer) -> str:
    """Return what a layer does, for people who see its feature map."""
    if layer.kind == "convolution":
        return _convolution(layer)
    return {
        "pooling": "Keeps the largest of each 2×2 values: the map is half as high and half as "
        "wide, what was found stays, and where exactly it was is lost.",
        "transposed": "Spreads each value over 2×2 places with weights that were learned: the "
        "map is twice as high and twice as wide, but its edges are still coarse.",
        "concatenation": "Puts the channels that came up from below and those that the skip "
        f"connection {layer.level} brings from the encoder into one stack; nothing is computed.",
        "output": "Weighs the 16 channels of each pixel into one number, and the sigmoid turns it "
        "into the probability that the pixel belongs to a pet.",
    }[layer.kind]


def _convolution(layer: Layer) -> str:
    first = layer.name.endswith("_1")
    if layer.part == "bottleneck":
        if first:
            return "Combines what the encoder found into 512 channels, at only 4×4 places."
        return (
            "Each of the 4×4 places depends on the whole picture: it knows the most about what "
            "is there and the least about where."
        )
    if layer.part == "encoder":
        what = "edges and colours" if layer.level == 1 else "combinations of what came before"
        if first:
            return (
                f"Looks for {what} around each place, in 3×3 values; ReLU sets everything "
                "negative to zero."
            )
        return (
            f"Looks for {what}, and a value in its middle depends on {layer.field}×{layer.field} "
            "pixels of the picture; the skip connection takes this map across."
        )
    if first:
        return (
            "Mixes the coarse map from below with the fine one from the encoder, and so learns "
            "which edges belong to a pet."
        )
    if layer.name == "Conv_Classif_2":
        return "Makes the last 16 channels at the full size, from which the output is weighed."
    return "Cleans the mixed map up before it is enlarged for the next level."

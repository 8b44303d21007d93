"""The app with a promptable model that answers with discs: run by Streamlit, for a browser."""

from __future__ import annotations

from types import SimpleNamespace


def main() -> None:
    """Put the discs in the models' place and show the page that is asked for."""
    from functools import partial

    from segcore.ui.navigation import navigate
    from segcore.ui.techniques import promptable
    from tests.prompting.stand_in import StandIn, everything

    card = SimpleNamespace(name="discs", title="Discs", fingerprint="discs", tasks=["prompt"])
    promptable.cards = lambda: [card]
    promptable.make_predictor = StandIn
    promptable.everything = partial(everything, waits=True)
    navigate().run()


if __name__ == "__main__":
    main()

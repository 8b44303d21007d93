"""``python -m segcore`` with one more recipe, "tiny": quick to train, slow to end."""

import sys

from segcore import __main__ as program


def main() -> int:
    from segcore.training import recipes
    from tests.training.conftest import TINY

    recipe = recipes.Recipe.from_dict({**TINY, "epochs": 5000})
    recipes.RECIPES[recipe.name] = recipe
    return program.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())

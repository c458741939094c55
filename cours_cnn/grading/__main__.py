"""``python -m cours_cnn.grading`` : la commande ``cours-cnn``."""

import sys

from cours_cnn.grading.cli import main

if __name__ == "__main__":
    sys.exit(main())

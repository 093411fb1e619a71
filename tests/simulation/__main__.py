"""`python -m tests.simulation`."""

import sys

from tests.simulation.campaign import main

sys.exit(main())

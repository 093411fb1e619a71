"""Who may use the licence, and where: the place of the rules on operating unit, country and port.

外经贸配管发〔2000〕539号 art. 5 (what customs verifies), art. 8(1) and 8(2) (the operating unit), art. 8(5)
(one port). The trade mode is never compared (art. 8(6)).
"""

from __future__ import annotations

from gateway.licences.rules import Rulebook
from gateway.licences.use import Use

PARTIES: Rulebook[Use] = Rulebook("parties and places 经营单位、国别、口岸")

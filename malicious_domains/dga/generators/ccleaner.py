"""CCleaner's backdoor (2017): a name a month, of three numbers of Microsoft's rand().

Source: E. Brumaghin and others, "CCleanup: A Vast Number of Machines at Risk" (2017),
blog.talosintelligence.com, which has the names of February to December 2017. Of all seeds of 31
bits, 20170002 and the ten after it alone give those eleven.
"""

from datetime import date
from itertools import islice

from .arithmetic import microsoft_rand
from .family import Hosts, Variant


def _generate(day: date, _: str) -> Hosts:
    first, second, third = islice(microsoft_rand(10000 * day.year + day.month), 3)
    yield f"ab{second * third:x}{first:x}.com"


KIND = "LCG"
SOURCE = 'E. Brumaghin and others, "CCleanup" (2017), blog.talosintelligence.com'
VARIANTS = (Variant(_generate, period="month"),)

"""Looking over the machine and the project: what is there, what is wrong, and the command that mends it.

Knows no terminal and changes nothing; mending is `tasks/repair.py`, under the store's lock.
"""

from prentice.skills.doctor.examine import examine as examine
from prentice.skills.doctor.finding import Finding as Finding

"""All attacks by name: hostile files that claim an exercise they have not solved."""

import attacks_files
import attacks_forge
import attacks_harm
import attacks_limits
import attacks_spy
import attacks_wire
from attack_kit import Attack

GROUPS = {
    "limits": attacks_limits.ATTACKS,
    "forge": attacks_forge.ATTACKS,
    "wire": attacks_wire.ATTACKS,
    "spy": attacks_spy.ATTACKS,
    "harm": attacks_harm.ATTACKS,
    "files": attacks_files.ATTACKS,
}
ATTACKS: dict[str, Attack] = {a.name: a for group in GROUPS.values() for a in group}

if len(ATTACKS) != sum(map(len, GROUPS.values())):
    raise ValueError("two attacks have the same name")

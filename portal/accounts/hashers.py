"""How passwords are hashed."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2idHasher(Argon2PasswordHasher):
    """Argon2id with the parameters of the OWASP Password Storage Cheat Sheet: 19 MiB, two passes, one lane.

    Django's own take 100 MiB and eight lanes, and PBKDF2 takes most of a second: strangers who try passwords could use
    up the memory or the processors that everybody shares.
    """

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1

"""`python keystore.py DIRECTORY PASSPHRASE`: opens the key `agent` of a keystore, prints whose it is, and puts the private key from standard
input beside it, as eth-account encrypts it (with PBKDF2, which it can do as well)."""

import json
import os
import pathlib
import sys

from eth_account import Account

directory, passphrase = pathlib.Path(sys.argv[1]), sys.argv[2]
print(Account.from_key(Account.decrypt(json.loads((directory / "agent").read_text()), passphrase)).address)
encrypted = Account.encrypt(sys.stdin.read().strip(), passphrase, kdf="pbkdf2", iterations=10_000)
os.umask(0o077)
(directory / "by-eth-account").write_text(json.dumps(encrypted))

"""web3.py with the endpoint's own account: `AGENTPOL_TARGET={…} python web3py.py`."""

import json
import os
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data
from web3 import Web3
from web3.exceptions import Web3RPCError

TARGET = json.loads(os.environ["AGENTPOL_TARGET"])
COIN, GOLD, MILLIETHER, EVERYTHING = 10**6, 10**18, 10**15, 2**256 - 1
SHOP, STRANGER = TARGET["shop"], TARGET["stranger"]


def function(name, inputs, outputs=()):
    typed = lambda types: [{"name": "", "type": kind} for kind in types]
    view = "view" if outputs else "nonpayable"
    return {"type": "function", "name": name, "inputs": typed(inputs), "outputs": typed(outputs), "stateMutability": view}


COIN_ABI = [
    function("transfer", ["address", "uint256"]),
    function("approve", ["address", "uint256"]),
    function("balanceOf", ["address"], ["uint256"]),
    function("nonces", ["address"], ["uint256"]),
]
ROUTER_ABI = [function("swap", ["address", "address", "uint256", "uint256", "address"])]


def connect():
    arguments = {}
    if TARGET.get("token"):
        # Headers replace web3.py's own, so its own are put back beside ours.
        own = Web3.HTTPProvider.get_request_headers()
        arguments = {"headers": {**own, "Authorization": f"Bearer {TARGET['token']}"}}
    return Web3(Web3.HTTPProvider(TARGET["url"], request_kwargs=arguments))


w3 = connect()
account = w3.eth.accounts[0]
w3.eth.default_account = account
coin = w3.eth.contract(TARGET["coin"], abi=COIN_ABI)
gold = w3.eth.contract(TARGET["gold"], abi=COIN_ABI)
router = w3.eth.contract(TARGET["router"], abi=ROUTER_ABI)


def step(name, run):
    """Prints one line: what it gives, or the error that the endpoint answered, as the client has it."""
    try:
        told = run()
    except Web3RPCError as error:
        told = {"error": {key: error.rpc_response["error"].get(key) for key in ("code", "message", "data")}}
    except Exception:
        told = {"failed": traceback.format_exc()}
    print(json.dumps({"step": name, **told}), flush=True)


def request(method, *params):
    """A method that web3.py has no function for."""
    response = w3.provider.make_request(method, list(params))
    if "error" in response:
        raise Web3RPCError(repr(response["error"]), rpc_response=response)
    return response["result"]


def mined(sent):
    return w3.eth.wait_for_transaction_receipt(sent, poll_latency=0.05).status == 1


def balance(token, owner):
    return str(token.functions.balanceOf(owner).call())


def pay(receiver, amount):
    return coin.functions.transfer(receiver, amount).transact()


def sent(transaction):
    return {"sent": transaction.to_0x_hex()}


def two_at_once():
    with ThreadPoolExecutor(2) as pool:
        hashes = list(pool.map(lambda _: pay(SHOP, 10 * COIN), range(2)))
    nonces = [w3.eth.get_transaction(sent)["nonce"] for sent in hashes]
    both = all([mined(sent) for sent in hashes])
    return {"mined": both, "apart": abs(nonces[0] - nonces[1]), "shop": balance(coin, SHOP)}


def message():
    text = "agentpol clients: hello"
    signature = request("personal_sign", Web3.to_hex(text=text), account)
    return {"signer": Account.recover_message(encode_defunct(text=text), signature=signature)}


def typed_data(sign):
    fields = [("owner", "address"), ("spender", "address"), ("value", "uint256"), ("nonce", "uint256")]
    fields.append(("deadline", "uint256"))
    domain = [("name", "string"), ("version", "string"), ("chainId", "uint256"), ("verifyingContract", "address")]
    members = lambda pairs: [{"name": name, "type": kind} for name, kind in pairs]
    typed = {
        "types": {"EIP712Domain": members(domain), "Permit": members(fields)},
        "primaryType": "Permit",
        "domain": {"name": "Coin", "version": "1", "chainId": 31337, "verifyingContract": TARGET["coin"]},
        "message": {
            "owner": account,
            "spender": TARGET["router"],
            "value": 5 * COIN,
            "nonce": coin.functions.nonces(account).call(),
            "deadline": int(time.time()) + 600,
        },
    }
    signature = sign(json.dumps(typed))
    return {"signer": Account.recover_message(encode_typed_data(full_message=typed), signature=signature)}


def swap():
    call = router.functions.swap(TARGET["coin"], TARGET["gold"], 30 * COIN, 15 * GOLD, account)
    return {"mined": mined(call.transact()), "router": balance(coin, TARGET["router"])}


def approve(amount):
    return coin.functions.approve(TARGET["router"], amount).transact()


step("account", lambda: {"account": account})
step("chain", lambda: {"chain": w3.eth.chain_id})
step("pay", lambda: {"mined": mined(pay(SHOP, 25 * COIN)), "shop": balance(coin, SHOP)})
step("tip", lambda: {"mined": mined(w3.eth.send_transaction({"to": SHOP, "value": 10 * MILLIETHER}))})
step("approve", lambda: {"mined": mined(approve(30 * COIN))})
step("swap", swap)
step("refused", lambda: sent(pay(STRANGER, COIN)))
step("refused_again", lambda: sent(pay(STRANGER, COIN)))
step("unlimited", lambda: sent(approve(EVERYTHING)))
step("two_at_once", two_at_once)
step("message", message)
step("message_refused", lambda: {"signed": request("personal_sign", Web3.to_hex(text="anything else"), account)})
# web3.py asks for typed data by the name without a version.
step("typed_data", lambda: typed_data(lambda typed: w3.eth.sign_typed_data(account, typed)))
step("typed_data_v4", lambda: typed_data(lambda typed: request("eth_signTypedData_v4", account, typed)))
step("raw_transaction", lambda: sent(w3.eth.send_raw_transaction("0x02c0")))
step("hash", lambda: {"signed": request("eth_sign", account, "0x" + "11" * 32)})
step("unknown_method", lambda: {"result": request("eth_noSuchThing")})
step("over", lambda: sent(pay(SHOP, 40 * COIN)))
step(
    "end",
    lambda: {
        "shop": balance(coin, SHOP),
        "router": balance(coin, TARGET["router"]),
        "gold": balance(gold, account),
        "stranger": balance(coin, STRANGER),
    },
)

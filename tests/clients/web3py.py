"""web3.py, without any middleware of our own, against any Ethereum JSON-RPC node with the development accounts: `python web3py.py [URL]`."""

import asyncio

from eth_account import Account
from eth_utils import keccak
from websockets.exceptions import ConnectionClosed
from web3 import AsyncHTTPProvider, AsyncWeb3, HTTPProvider, Web3, WebSocketProvider
from web3.exceptions import (
    BadFunctionCallOutput,
    BlockNotFound,
    ContractCustomError,
    ContractLogicError,
    ContractPanicError,
    MethodUnavailable,
    TimeExhausted,
    TransactionNotFound,
    Web3RPCError,
)

from checks import MNEMONIC, RPC_URL, WS_URL, artifact, check, check_with_restart, finish, thrown, until

Account.enable_unaudited_hdwallet_features()
ACCOUNT = Account.from_mnemonic(MNEMONIC, account_path="m/44'/60'/0'/0/8")
NOBODY = "0x" + "00" * 20
LIMIT = 1_000
GWEI = 10**9

# The node signs for its accounts.
w3 = AsyncWeb3(AsyncHTTPProvider(RPC_URL))
w3.eth.default_account = ACCOUNT.address
# The same without asyncio: most scripts are written so.
plain = Web3(HTTPProvider(RPC_URL))
plain.eth.default_account = ACCOUNT.address
COUNTER = artifact("Counter")
CLOSED = Web3.keccak(text="Closed()")[:4].to_0x_hex()


async def receipt_of(transaction_hash):
    return await w3.eth.wait_for_transaction_receipt(transaction_hash)


async def use(counter):
    """Deploying, calling, events, simulating and tracing."""

    async def calls():
        assert await counter.functions.limit().call() == LIMIT
        assert await counter.functions.count(7, "seen").call() == 7
        assert await counter.functions.total().call() == 0

    await check("web3.py calls a contract", calls)

    async def sends():
        receipt = await receipt_of(await counter.functions.count(7, "first").transact())
        assert receipt["status"] == 1
        assert await counter.functions.counted(ACCOUNT.address).call() == 7
        transaction = await w3.eth.get_transaction(receipt["transactionHash"])
        assert counter.decode_function_input(transaction["input"])[1] == {"amount": 7, "note": "first"}
        assert transaction["blockHash"] == receipt["blockHash"]
        return receipt

    sent = await check("web3.py sends a transaction and reads it again", sends)

    async def block():
        by_hash = await w3.eth.get_block(sent["blockHash"])
        assert by_hash == await w3.eth.get_block(sent["blockNumber"])
        assert by_hash["transactions"][sent["transactionIndex"]] == sent["transactionHash"]
        whole = await w3.eth.get_block(sent["blockHash"], full_transactions=True)
        assert whole["transactions"][sent["transactionIndex"]] == await w3.eth.get_transaction(sent["transactionHash"])
        assert sent in await w3.eth.get_block_receipts(sent["blockNumber"])
        assert await w3.eth.get_block_transaction_count(sent["blockHash"]) == len(by_hash["transactions"])
        assert await w3.eth.block_number >= sent["blockNumber"]

    await check("web3.py gets the receipt's block by hash and by number", block)

    async def history():
        at, before = sent["blockNumber"], sent["blockNumber"] - 1
        assert [await counter.functions.total().call(block_identifier=number) for number in (before, at)] == [0, 7]
        nonces = [await w3.eth.get_transaction_count(ACCOUNT.address, number) for number in (before, at)]
        assert nonces[1] == nonces[0] + 1
        paid = await w3.eth.get_balance(ACCOUNT.address, before) - await w3.eth.get_balance(ACCOUNT.address, at)
        assert paid >= sent["gasUsed"] * sent["effectiveGasPrice"]

    await check("web3.py reads the state before a block and at it", history)

    async def fees():
        history = await w3.eth.fee_history(2, sent["blockNumber"], [50])
        block = await w3.eth.get_block(sent["blockNumber"])
        assert history["oldestBlock"] == sent["blockNumber"] - 1 and history["baseFeePerGas"][1] == block["baseFeePerGas"]
        assert len(history["gasUsedRatio"]) == len(history["reward"]) == 2
        assert await w3.eth.gas_price > 0 and await w3.eth.max_priority_fee >= 0

    await check("web3.py reads fees up to the receipt's block", fees)

    async def proof():
        proof = await asyncio.to_thread(plain.eth.get_proof, ACCOUNT.address, [], sent["blockNumber"])
        block = await w3.eth.get_block(sent["blockNumber"])
        assert keccak(proof["accountProof"][0]) == bytes(block["stateRoot"])
        assert proof["balance"] == await w3.eth.get_balance(ACCOUNT.address, sent["blockNumber"])

    await check("web3.py gets a proof at the receipt's block", proof)

    async def slot():
        proof = await asyncio.to_thread(plain.eth.get_proof, counter.address, [0], sent["blockNumber"])
        assert int(proof["storageProof"][0]["value"].hex(), 16) == 7

    await check("web3.py gets a proof of a slot that it names by a number", slot)

    async def events():
        expected = {"who": ACCOUNT.address, "amount": 7, "note": "first"}
        (inside,) = counter.events.Counted().process_receipt(sent)
        (found,) = await counter.events.Counted().get_logs(from_block=0, argument_filters={"who": ACCOUNT.address})
        (hashed,) = await counter.events.Counted().get_logs(block_hash=sent["blockHash"])
        assert dict(inside["args"]) == dict(found["args"]) == dict(hashed["args"]) == expected
        assert inside == found == hashed
        assert await counter.events.Counted().get_logs(from_block=0, argument_filters={"who": NOBODY}) == []
        polled = await counter.events.Counted.create_filter(from_block="latest")
        again = await receipt_of(await counter.functions.count(1, "second").transact())
        assert [event["transactionHash"] for event in await polled.get_new_entries()][-1:] == [again["transactionHash"]]
        assert [event["transactionHash"] for event in await polled.get_all_entries()][-1] == again["transactionHash"]

    await check("web3.py reads events from a receipt, a block hash, a range and a filter", events)

    async def blocks():
        polled = await w3.eth.filter("latest")
        receipt = await receipt_of(await counter.functions.count(1, "third").transact())
        assert receipt["blockHash"] in await polled.get_new_entries()

    await check("web3.py polls a filter of blocks", blocks)

    async def simulates():
        call = {"from": ACCOUNT.address, "to": counter.address, "data": counter.encode_abi("count", [5, ""])}
        (block,) = await w3.eth.simulate_v1({"blockStateCalls": [{"calls": [call, call]}]}, "latest")
        assert [int(result["returnData"].hex(), 16) for result in block["calls"]] == [14, 19]
        assert len(block["calls"][0]["logs"]) == 1
        override = {counter.address: {"code": "0x602a60005260206000f3"}}
        assert await counter.functions.total().call(state_override=override) == 42
        assert await counter.functions.count(1, "").estimate_gas() > 21_000
        listed = await w3.eth.create_access_list({"from": ACCOUNT.address, "to": counter.address, "data": call["data"]})
        assert [entry["address"] for entry in listed["accessList"]] == [counter.address]

    await check("web3.py simulates blocks and calls", simulates)

    async def traces():
        # geth's way, then OpenEthereum's, for which web3.py has no asynchronous module.
        geth, transaction = w3.geth.debug, sent["transactionHash"]
        trace = await geth.trace_transaction(transaction, {"tracer": "callTracer"})
        assert (trace["type"], int(trace["gasUsed"])) == ("CALL", sent["gasUsed"]), trace
        before = await geth.trace_transaction(transaction, {"tracer": "prestateTracer"})
        assert counter.address in before or counter.address.lower() in before
        (call,) = await asyncio.to_thread(plain.tracing.trace_transaction, transaction)
        assert (call["type"], call["action"]["to"], call["blockHash"]) == ("call", counter.address, sent["blockHash"])
        whole = await asyncio.to_thread(plain.tracing.trace_block, sent["blockNumber"])
        assert transaction in [each["transactionHash"] for each in whole]

    await check("web3.py traces a transaction and a block", traces)

    async def without_asyncio():
        def work():
            contract = plain.eth.contract(counter.address, abi=COUNTER["abi"])
            for amount in range(1, 6):
                receipt = plain.eth.wait_for_transaction_receipt(contract.functions.count(amount, "plain").transact())
                block = plain.eth.get_block(receipt["blockHash"])
                assert (block["number"], receipt["transactionHash"] in block["transactions"]) == (receipt["blockNumber"], True)
                before = contract.functions.total().call(block_identifier=receipt["blockNumber"] - 1)
                assert contract.functions.total().call() == before + amount

        await asyncio.to_thread(work)

    await check("web3.py without asyncio sends, waits and reads, again and again", without_asyncio)


async def fail(counter):
    """Reverts and refusals, by web3.py's own exceptions."""

    async def reverts():
        functions = counter.functions
        assert "no such luck" in (await thrown(ContractLogicError, functions.failWithReason().call())).message
        custom = await thrown(ContractCustomError, functions.failWithError().call())
        assert custom.data == CLOSED
        limited = await thrown(ContractCustomError, functions.count(LIMIT + 1, "").transact())
        (decoded,) = [error for error in COUNTER["abi"] if error.get("name") == "LimitExceeded"]
        types = [argument["type"] for argument in decoded["inputs"]]
        arguments = w3.codec.decode(types, bytes.fromhex(limited.data[10:]))
        assert Web3.to_checksum_address(arguments[0]) == ACCOUNT.address and arguments[1] == LIMIT
        for function in [functions.failByOverflow(1), functions.failByDivision(0), functions.failByPop(), functions.failByIndex(0)]:
            await thrown(ContractPanicError, function.call())
        await thrown(ContractLogicError, functions.failWithoutWords().call())
        await thrown(BadFunctionCallOutput, w3.eth.contract(NOBODY, abi=COUNTER["abi"]).functions.total().call())
        receipt = await receipt_of(await functions.failWithError().transact({"gas": 100_000}))
        assert receipt["status"] == 0

    await check("web3.py tells reasons, custom errors and panics apart", reverts)

    poor = Account.create()
    for signer, fields, words in [
        (ACCOUNT, {"nonce": 0}, "nonce too low"),
        (ACCOUNT, {"gas": 20_999}, "intrinsic gas too low"),
        (ACCOUNT, {"chainId": 1}, "invalid chain id for signer"),
        (ACCOUNT, {"maxPriorityFeePerGas": 3 * GWEI}, "max priority fee per gas higher than max fee per gas"),
        (poor, {"nonce": 0}, "insufficient funds for gas * price + value"),
    ]:

        async def refused():
            fees = {"maxFeePerGas": 2 * GWEI, "maxPriorityFeePerGas": 1, "chainId": await w3.eth.chain_id}
            nonce = await w3.eth.get_transaction_count(ACCOUNT.address)
            rich = {"to": NOBODY, "value": 1, "gas": 21_000, "nonce": nonce, **fees}
            raw = signer.sign_transaction({**rich, **fields}).raw_transaction
            error = await thrown(Web3RPCError, w3.eth.send_raw_transaction(raw))
            assert words in error.message.lower() and error.rpc_response["error"]["code"] in (-32000, -32003), error

        await check(f"web3.py is told: {words}", refused)

    async def absent():
        await thrown(TransactionNotFound, w3.eth.get_transaction("0x" + "00" * 32))
        await thrown(TransactionNotFound, w3.eth.get_transaction_receipt("0x" + "00" * 32))
        await thrown(BlockNotFound, w3.eth.get_block(2**40))
        await thrown(BlockNotFound, w3.eth.get_block("0x" + "00" * 32))
        await thrown(TimeExhausted, w3.eth.wait_for_transaction_receipt("0x" + "00" * 32, timeout=0.5))
        await thrown(MethodUnavailable, w3.manager.coro_request("eth_mistype", []))

    await check("web3.py knows what is not there", absent)


async def hurry():
    """Many transactions. web3.py has no nonce manager; this counter is the whole of one."""

    async def crowd():
        sender, friend = Account.create(), Account.create().address
        await receipt_of(await w3.eth.send_transaction({"to": sender.address, "value": 10**18}))
        fields = {"to": friend, "value": 1, "gas": 21_000, "maxFeePerGas": 2 * GWEI, "maxPriorityFeePerGas": 1}
        chain_id = await w3.eth.chain_id
        signed = [sender.sign_transaction({**fields, "nonce": nonce, "chainId": chain_id}) for nonce in range(200)]
        hashes = await asyncio.gather(*(w3.eth.send_raw_transaction(each.raw_transaction) for each in signed))
        receipts = await asyncio.gather(*(w3.eth.wait_for_transaction_receipt(each) for each in hashes))
        assert {receipt["status"] for receipt in receipts} == {1} and len(receipts) == 200
        assert await w3.eth.get_transaction_count(sender.address) == 200
        assert await w3.eth.get_balance(friend) == 200

    await check("web3.py sends 200 transactions at once", crowd)

    async def sequence():
        friend = Account.create().address
        hashes = [await w3.eth.send_transaction({"to": friend, "value": 1}) for _ in range(20)]
        receipts = [await receipt_of(each) for each in hashes]
        assert await w3.eth.get_balance(friend, receipts[-1]["blockNumber"]) == 20
        places = [(receipt["blockNumber"], receipt["transactionIndex"]) for receipt in receipts]
        assert places == sorted(places)

    await check("web3.py sends one transaction after the other without waiting", sequence)

    async def batch():
        head = await w3.eth.block_number
        async with w3.batch_requests() as together:
            for number in range(min(head, 20)):
                together.add(w3.eth.get_block(number))
            blocks = await together.async_execute()
        assert [block["number"] for block in blocks] == list(range(min(head, 20)))

    await check("web3.py batches requests", batch)


async def subscribe(counter):
    """WebSocket subscriptions, and a restart of the node."""
    heads, logs, connections = [], [], []

    async def listen():
        # web3.py connects again by itself; what was subscribed to is subscribed to again here.
        async for socket in AsyncWeb3(WebSocketProvider(WS_URL)):
            try:
                new_heads = await socket.eth.subscribe("newHeads")
                await socket.eth.subscribe("logs", {"address": counter.address})
                connections.append(socket)
                async for message in socket.socket.process_subscriptions():
                    (heads if message["subscription"] == new_heads else logs).append(message["result"])
            except ConnectionClosed:
                continue

    def seen(receipt):
        async def condition():
            logged = any(log["transactionHash"] == receipt["transactionHash"] for log in logs)
            return logged and any(head["hash"] == receipt["blockHash"] for head in heads)

        return condition

    async def connected():
        return len(connections) > 0

    listener = asyncio.create_task(listen())

    async def hears():
        await until(connected)
        for _ in range(3):
            receipt = await receipt_of(await counter.functions.count(1, "heard").transact())
            await until(seen(receipt))
        (log,) = [log for log in logs if log["transactionHash"] == receipt["transactionHash"]]
        assert log == receipt["logs"][0]
        assert [head["parentHash"] for head in heads[1:]] == [head["hash"] for head in heads[:-1]]

    await check("web3.py sees new heads and logs over WebSocket, as the receipts have them", hears)

    async def goes_on(restart):
        acknowledged = await receipt_of(await counter.functions.count(2, "before").transact())
        total = await counter.functions.total().call()
        connections.clear()
        await restart()
        assert await receipt_of(acknowledged["transactionHash"]) == acknowledged
        assert await counter.functions.total().call() == total
        await until(connected)
        after = await receipt_of(await counter.functions.count(3, "after").transact())
        await until(seen(after))
        assert await counter.functions.total().call() == total + 3

    await check_with_restart("web3.py goes on after a restart of the node, and connects again", goes_on)
    listener.cancel()


async def main():
    async def deploys():
        factory = w3.eth.contract(abi=COUNTER["abi"], bytecode=COUNTER["bytecode"])
        receipt = await receipt_of(await factory.constructor(LIMIT).transact())
        assert len(await w3.eth.get_code(receipt["contractAddress"])) > 100
        return w3.eth.contract(receipt["contractAddress"], abi=COUNTER["abi"])

    counter = await check("web3.py deploys a contract", deploys)
    if counter is not None:
        await use(counter)
        await fail(counter)
        await hurry()
        await subscribe(counter)
    finish()


asyncio.run(main())

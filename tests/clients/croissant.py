"""mlcroissant, the library of Croissant's authors, on a datanet that the node's own command line has exported: `TRIBUTARY=program python croissant.py [URL]`."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import mlcroissant

from checks import MNEMONIC, RPC_URL, check, finish, thrown

CURATOR, AUTHOR = "8", "9"
# Quotes, line ends, letters of several bytes, and a line that is JSON: what a table of lines has to keep as it is.
DOCUMENTS = {
    "sluice.txt": "A sluice keeper opens the upper paddles first, so that the chamber fills without a wave.\nThe boat rises by the height of a man.\n",
    "glaze.txt": "Sie sagte: „Asche von Buchenholz, fein gesiebt“ — и печь стоит три дня, 三日。",
    "line.txt": '{"row": 7, "text": "a quoted \\"word\\" and a tab\\t", "author": null}\r\nthe second line, with\u2028its separator',
}


def tributary(folder, index, *arguments):
    """What the command line says to a script, for an account of the phrase."""
    environment = {**os.environ, "TRIBUTARY_MNEMONIC": MNEMONIC, "TRIBUTARY_RPC": RPC_URL}
    program = os.environ.get("TRIBUTARY", "tributary")
    done = subprocess.run([program, *arguments, "--index", index, "--json"], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{arguments}: {done.stderr}"
    return json.loads(done.stdout)


def keccak256(data):
    """As the node computes it."""
    request = {"jsonrpc": "2.0", "id": 1, "method": "web3_sha3", "params": ["0x" + data.hex()]}
    post = urllib.request.Request(RPC_URL, json.dumps(request).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(post, timeout=30) as answer:
        return json.load(answer)["result"]


def exported(folder):
    """Founds a datanet, contributes the documents, names a release and exports it. Returns how it is cited."""
    texts = folder / "texts"
    texts.mkdir()
    for name, text in DOCUMENTS.items():
        (texts / name).write_bytes(text.encode())
    datanet = tributary(folder, CURATOR, "datanet", "create", "Trades of water and fire", "--purpose", "how things are done")["datanetId"]
    number = str(int(datanet, 16))
    tributary(folder, AUTHOR, "datanet", "contribute", number, "texts")
    reference = tributary(folder, CURATOR, "datanet", "release", number, "--note", "first edition")["reference"]
    tributary(folder, AUTHOR, "datanet", "export", reference, "export")
    return reference


async def reads(folder, reference):
    """What mlcroissant makes of the export."""
    path = folder / "export" / "croissant.json"

    async def described():
        dataset = mlcroissant.Dataset(jsonld=path)
        issues = dataset.metadata.ctx.issues
        assert not issues.errors and not issues.warnings, issues.report()
        assert str(dataset.metadata.ctx.conforms_to.value) == "http://mlcommons.org/croissant/1.1"
        metadata = dataset.metadata.to_json()
        assert metadata["name"] == "Trades of water and fire" and metadata["version"].split(".")[0] == reference.split("@")[1]
        assert reference in metadata["citeAs"]

    await check("mlcroissant finds neither an error nor a warning in an export", described)

    async def validated():
        program = Path(sys.executable).parent / "mlcroissant"
        done = subprocess.run([program, "validate", "--jsonld", path], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    await check("mlcroissant validates an export on the command line", validated)

    async def loaded():
        records = list(mlcroissant.Dataset(jsonld=path).records("documents"))
        assert [record["documents/row"] for record in records] == list(range(len(DOCUMENTS))), records
        texts = [record["documents/text"] for record in records]
        assert sorted(texts) == sorted(text.encode() for text in DOCUMENTS.values()), texts
        assert [record["documents/keccak256"].decode() for record in records] == [keccak256(text) for text in texts]
        assert len({record["documents/author"] for record in records}) == 1

    await check("mlcroissant loads an export's records, each document byte by byte", loaded)

    async def altered():
        table = folder / "export" / "documents.jsonl"
        table.write_bytes(table.read_bytes().replace(b"upper", b"lower"))
        error = await thrown(mlcroissant.GenerationError, records_of(path))
        assert "Hash of downloaded file" in str(error.__cause__), error.__cause__

    await check("mlcroissant does not load a table that is not the one that was exported", altered)


async def records_of(path):
    return list(mlcroissant.Dataset(jsonld=path).records("documents"))


async def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        async def exports():
            return exported(folder)

        reference = await check("the command line founds a datanet, contributes to it and exports a release", exports)
        if reference is not None:
            await reads(folder, reference)
    finish()


asyncio.run(main())

"""`count_tokens` against `tiktoken`, which is OpenAI's own: no text is counted otherwise.

TOKEN_TEXTS sets how many texts are tried; SEED, which ones.
"""

# ruff: noqa: RUF001, SIM905

import hashlib
import json
import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest
import tiktoken
from conftest import ROOT

import tollhouse

TEXTS = int(os.environ.get("TOKEN_TEXTS", "4000"))
SEED = int(os.environ.get("SEED", "11"))
AT_ONCE = 1000

ENCODINGS = {
    "o200k_base": "gpt-4o",
    "cl100k_base": "gpt-4",
    "p50k_base": "text-davinci-003",
    "r50k_base": "davinci",
}

WORDS = """
the and I you hello Hello HTML camelCase snake_case internationalization antidisestablishmentarianism can't
I'm you'll WE'VE they'RE he'd 'S 'Tis rock'n'roll привет Привет мир Ελλάς καλημέρα Straße naïve café Ærø
İstanbul ışık ſtreet 你好 世界 网关 日本語 ひらがな カタカナ 한국어 안녕하세요 नमस्ते क्षत्रिय ภาษาไทย สวัสดี
שלום עולם مرحبا سلام ជំរាបសួរ ქართული հայերեն አማርኛ தமிழ் 😀 👨‍👩‍👧 🇩🇪 👍🏽 🏴󠁧󠁢󠁥󠁮󠁧󠁿
½ Ⅻ ٣٤ १२३ 42 1234567 3.14 €9.99 №7 ™ 。 ， 「」 … — e\u0301 a\u0308\u0323
""".split()
CODE = """
{ } ( ) [ ] ; : , . => -> == != && || // /* */ # @ $ % ^ ` ``` <?php def fn let const return self. this.
import async await None null true \\n \\u0041 0x1F 1e-9 <div> </div> class="x" x=1; i++ **kwargs
https://example.com/a?b=c&d=e#f ----- ===== ##### ......... ////// SELECT * FROM
""".split()
BLANKS = [
    " ",
    " ",
    " ",
    " ",
    "",
    "  ",
    "    ",
    "\t",
    "\n",
    "\n\n",
    "\r\n",
    " \n",
    "\n  ",
    "\u00a0",
    "\u3000",
    "\u2028",
    "\x85",
    "\u200b",
]
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|fim_prefix|>", "<|endofprompt|>", "<|start|>", "<|endoftext"]
APOSTROPHES = ["'\u017f", "'\u212a", "İ'\u017f", "x'\u017fs", "'", "''", "'ſ ", "’s"]


def some_text(chance: random.Random) -> str:
    """Words of many languages, code, emoji, special tokens, random characters and random bytes, in any mixture."""

    def character() -> str:
        code = chance.choice([chance.randrange(0x80), chance.randrange(0x530), chance.randrange(0x110000)])
        return chr(code) if not 0xD800 <= code < 0xE000 else "\ufffd"

    kinds = [
        lambda: chance.choice(WORDS),
        lambda: chance.choice(CODE),
        lambda: chance.choice(BLANKS) * chance.randrange(1, 6),
        lambda: chance.choice(SPECIAL),
        lambda: chance.choice(APOSTROPHES),
        lambda: chance.choice(WORDS) * chance.randrange(1, 5),
        lambda: "".join(character() for _ in range(chance.randrange(1, 9))),
        lambda: chance.randbytes(chance.randrange(1, 12)).decode("utf-8", "replace"),
        lambda: "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randrange(1, 15))),
    ]
    some = chance.choices(kinds, weights=[8, 4, 3, 1, 1, 1, 2, 2, 2], k=chance.randrange(24))
    return "".join(kind() + chance.choice(BLANKS) for kind in some)


@pytest.fixture(scope="module")
def vocabularies(tmp_path_factory):
    """The vocabularies as OpenAI publishes them, laid where tiktoken looks first; it knows their checksums."""
    command = [os.environ.get("CARGO", "cargo"), "metadata", "--format-version", "1", "--locked"]
    metadata = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
    [manifest] = [package["manifest_path"] for package in metadata["packages"] if package["name"] == "tiktoken-rs"]
    folder = tmp_path_factory.mktemp("vocabularies")
    for name in ENCODINGS:
        address = f"https://openaipublic.blob.core.windows.net/encodings/{name}.tiktoken"
        known = folder / hashlib.sha1(address.encode()).hexdigest()
        shutil.copy(Path(manifest).parent / "assets" / f"{name}.tiktoken", known)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIKTOKEN_CACHE_DIR", str(folder))
        yield {name: tiktoken.get_encoding(name) for name in ENCODINGS}


@pytest.mark.parametrize("name", ENCODINGS)
def test_no_text_is_counted_otherwise(vocabularies, name):
    gateway, oracle, chance = tollhouse.Gateway(), vocabularies[name], random.Random(SEED)
    for _ in range(0, TEXTS, AT_ONCE):
        texts = [some_text(chance) for _ in range(AT_ONCE)]
        counts = gateway.count_tokens(ENCODINGS[name], texts)
        assert counts.exact
        assert counts.encoding == name
        for text, count in zip(texts, counts.each, strict=True):
            assert count == len(oracle.encode_ordinary(text)), ascii(text)


def test_the_long_s_after_an_apostrophe_is_one_in_some_vocabularies(vocabularies):
    text = "\u0130'\u017f"
    counts = {name: tollhouse.Gateway().count_tokens(model, text) for name, model in ENCODINGS.items()}
    assert counts == {name: len(oracle.encode_ordinary(text)) for name, oracle in vocabularies.items()}


@pytest.mark.parametrize("name", ENCODINGS)
def test_special_tokens_are_plain_text(vocabularies, name):
    special = sorted(vocabularies[name].special_tokens_set)
    assert special
    counts = tollhouse.Gateway().count_tokens(ENCODINGS[name], special).each
    assert counts == [len(vocabularies[name].encode_ordinary(token)) for token in special]
    assert min(counts) > 1

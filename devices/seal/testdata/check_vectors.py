#!/usr/bin/python3
"""Reads vectors.json with Python's own hmac and with jwcrypto, as a device written
in another language would. Needs Debian's python3-jwcrypto."""

import base64
import hashlib
import hmac
import json
import sys

from jwcrypto import jwe, jwk

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ROWS = {False: ("A256KW", "A256GCM", 40), True: ("PBES2-HS256+A128KW", "A128GCM", 24)}


def b64(text):
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != text:
        raise ValueError("not strict base64url")
    return raw


def derive(first, second):
    def mac(key, message):
        return hmac.new(key, message, hashlib.sha256).digest()

    prk = mac(first.encode(), second.encode())
    return mac(prk, b"halfkey/1 auth\x01"), mac(prk, b"halfkey/1 seal\x01")


def check_character(body):
    c = 0
    for ch in body:
        c = 2 * (c ^ ALPHABET.index(ch))
        if c > 31:
            c ^= 37
    return ALPHABET[c]


def once(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member comes twice")
    return members


def open_answer(a):
    """Section 10 of the protocol: everything comes from what was asked for."""
    alg, enc, wrapped = ROWS[a["password"]]
    parts = [b64(p) for p in a["sealed"].split(".")]
    if [len(p) for p in parts[1:3] + parts[4:]] != [wrapped, 12, 16]:
        raise ValueError("sizes")
    header = json.loads(parts[0], object_pairs_hook=once)
    want = {"alg": alg, "enc": enc, "typ": "halfkey-credentials+jwe", "cty": a["cty"], "kid": a["kid"], "sub": a["sub"]}
    if a.get("nonce"):
        want["nonce"] = a["nonce"]
    if a["password"]:
        if not 10000 <= header["p2c"] <= a["max_p2c"]:
            raise ValueError("p2c")
        want["p2c"], want["p2s"] = header["p2c"], header["p2s"]
        key = jwk.JWK.from_password(a["second"])
    else:
        k_seal = derive(a["first"], a["second"])[1]
        key = jwk.JWK(kty="oct", k=base64.urlsafe_b64encode(k_seal).rstrip(b"=").decode())
    if header != want:
        raise ValueError("header")
    j = jwe.JWE(algs=[alg, enc])
    j.deserialize(a["sealed"], key)
    return j.payload.decode()


def main(path):
    with open(path, encoding="utf-8") as f:
        v = json.load(f)
    for k in v["keys"]:
        if "k_auth" in k:
            auth, seal = derive(k["first"], k["second"])
            assert (auth.hex(), seal.hex()) == (k["k_auth"], k["k_seal"]), k["first"]
        if "check" in k:
            assert check_character(k["first"] + k["second"]) == k["check"], k["typed"]
    for t in v["tokens"]:
        body, _, signature = t["token"].rpartition(".")
        auth = derive(t["first"], t["second"])[0]
        assert hmac.new(auth, body.encode(), hashlib.sha256).digest() == b64(signature), t["name"]
    for a in v["answers"]:
        assert open_answer(a) == a["content"], a["name"]
    for a in v["broken"]:
        try:
            open_answer(a)
        except Exception:
            continue
        raise AssertionError("opened although broken: " + a["name"])
    print(len(v["answers"]), "answers open,", len(v["broken"]), "broken ones do not")


if __name__ == "__main__":
    main(sys.argv[1])

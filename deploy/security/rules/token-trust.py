"""Planted faults: each rule must find its own, and leave what is right alone."""

import jwt


def planted(token, key, log, header):
    # ruleid: unverified-token
    jwt.decode(token, key, options={"verify_signature": False})
    # ruleid: unverified-token
    jwt.decode(token)
    # ruleid: unverified-token
    jwt.decode(token, key)
    # ruleid: unverified-token
    jwt.decode(token, key, algorithms=["ES256", "none"])
    # ruleid: unverified-token
    jwt.decode(token, key, algorithms=[header["alg"]])
    # ruleid: secret-in-a-log
    log.info("signed in", refresh_token=token)
    # ruleid: secret-in-a-log
    log.warning("wrong", password=key)


def right(token, key, log, algorithm):
    # ok: unverified-token
    jwt.decode(token, key, algorithms=["ES256"])
    # ok: secret-in-a-log
    log.info("signed in", sign_in=1)

"""Planted faults: each rule must find its own, and leave what is right alone."""

import ssl

import httpx


def planted(url, context):
    # ruleid: tls-not-verified
    httpx.get(url, verify=False)
    # ruleid: tls-not-verified
    context.verify_mode = ssl.CERT_NONE
    # ruleid: redirect-followed
    httpx.get(url, follow_redirects=True)


def right(url):
    # ok: tls-not-verified
    # ok: redirect-followed
    httpx.get(url, follow_redirects=False)

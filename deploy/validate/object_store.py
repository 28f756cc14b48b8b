"""Barman Cloud's ObjectStore, written down for the fields we use: nobody ships its definition.

Strict as the others are: another field of the operator's is a fault here until it is added.
"""

from deploy.validate.objects import Object

_TEXT: Object = {"type": "string", "minLength": 1}


def _all_of(**fields: Object) -> Object:
    return {"type": "object", "properties": fields, "required": list(fields)}


def _some_of(**fields: Object) -> Object:
    return {"type": "object", "properties": fields, "minProperties": 1}


def _one_of(*words: str) -> Object:
    return {"type": "string", "enum": list(words)}


_KEY = _all_of(name=_TEXT, key=_TEXT)
"""Of a Secret."""
_ENCRYPTION = _one_of("AES256", "aws:kms")

_CONFIGURATION: Object = {
    "type": "object",
    "required": ["destinationPath", "s3Credentials"],
    "properties": {
        "destinationPath": {"type": "string", "pattern": "^s3://[a-z0-9][a-z0-9.-]+/"},
        "endpointURL": _TEXT,
        "endpointCA": _KEY,
        "s3Credentials": _some_of(
            accessKeyId=_KEY, secretAccessKey=_KEY, sessionToken=_KEY, region=_KEY,
            inheritFromIAMRole={"type": "boolean"},
        ),
        "wal": _some_of(
            compression=_one_of("bzip2", "gzip", "lz4", "snappy", "xz", "zstd"),
            encryption=_ENCRYPTION,
            maxParallel={"type": "integer", "minimum": 1},
        ),
        "data": _some_of(
            compression=_one_of("bzip2", "gzip", "snappy"),
            encryption=_ENCRYPTION,
            immediateCheckpoint={"type": "boolean"},
            jobs={"type": "integer", "minimum": 1},
        ),
    },
}  # fmt: skip

KIND = ("barmancloud.cnpg.io/v1", "ObjectStore")
SCHEMA = _all_of(
    apiVersion=_TEXT,
    kind=_TEXT,
    metadata={"type": "object"},
    spec={
        "type": "object",
        "required": ["configuration"],
        "properties": {
            "configuration": _CONFIGURATION,
            "retentionPolicy": {"type": "string", "pattern": "^[1-9][0-9]*[dwm]$"},
        },
    },
)

"""Alerts about what our processes stand on, by the metrics of CloudNativePG and of NATS' exporter.

Our own tell when either is away. These tell earlier: a copy is missing and nobody feels it yet, or
what is written today could not be brought back tomorrow.
"""

from deploy.observability.alert import Alert, Severity

INSTANCES = 3
"""Of Postgres, in the cluster ``pg``; and servers of NATS."""

_ANSWERING = 'count(cnpg_collector_up{cluster="pg"} == 1)'
_UNARCHIVED = (
    "cnpg_pg_stat_archiver_last_failed_time - cnpg_pg_stat_archiver_last_archived_time"
    " and on (pod) cnpg_pg_replication_in_recovery == 0"  # who is no primary any more, remembers
)
_NEWEST_BACKUP = "barman_cloud_cloudnative_pg_io_last_available_backup_timestamp"

SERVERS = (
    Alert(
        "PostgresCopyLost", f"{_ANSWERING} == {INSTANCES - 1}", "5m", Severity.TICKET,
        f"One of {INSTANCES} Postgres is away: the next loss stops all writing.",
        (("left", "two"),),
    ),
    Alert(
        "PostgresCopyLost", f"{_ANSWERING} == 1", "1m", Severity.PAGE,
        "One Postgres is left: it takes no writes without a second.", (("left", "one"),),
    ),
    Alert(
        "NatsServerLost",
        f"count(gnatsd_varz_connections) < {INSTANCES} or absent(gnatsd_varz_connections)", "5m",
        Severity.TICKET, f"Not all {INSTANCES} servers of NATS tell how they are.",
    ),
    Alert(
        "ArchiveFails", f"max({_UNARCHIVED}) > 0", "15m", Severity.PAGE,
        "The write-ahead log does not reach the bucket: what is written now is in no backup.",
    ),
    Alert(
        "BackupOld",
        f"time() - max({_NEWEST_BACKUP}) > 26 * 3600 or absent({_NEWEST_BACKUP})", "30m",
        Severity.TICKET, "There is no backup of last night.",
    ),
)  # fmt: skip

"""Django's PostgreSQL backend, which asks whether a connection still lives without a question to the server."""

import select
from datetime import UTC, datetime
from functools import cache
from typing import Any

from django.db.backends.postgresql import base
from psycopg.adapt import AdaptersMap
from psycopg.types.datetime import TimestamptzLoader

MOST_PREPARED = 500  # statements that one connection keeps planned; psycopg's 100 would turn over within a few pages


class DatabaseWrapper(base.DatabaseWrapper):
    """On an idle connection nothing waits to be read, unless the server said goodbye: then there is its end.

    Django asks at the first use of each connection in each request (CONN_HEALTH_CHECKS), and would send `SELECT 1`. A
    server that vanished without a word is found by `tcp_user_timeout`.
    """

    def get_connection_params(self) -> dict[str, Any]:
        params = super().get_connection_params()
        return params | {"context": _quick(params["context"])}

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        connection.prepared_max = MOST_PREPARED
        return connection

    def is_usable(self) -> bool:
        connection = self.connection
        if connection is None or connection.closed:
            return False
        poll = select.poll()
        poll.register(connection.fileno(), select.POLLIN)
        return not poll.poll(0) or super().is_usable()


class MomentLoader(TimestamptzLoader):
    """Moments as the server writes them to a session in UTC. A page reads hundreds; psycopg's own way is a pattern."""

    timezone = UTC  # what Django compares its own zone with

    def load(self, data: Any) -> datetime:
        text = str(data, "ascii")
        if text.endswith("+00"):
            try:
                return datetime.fromisoformat(text)
            except ValueError:  # infinity, before Christ, after the year 9999
                pass
        return super().load(data)


@cache
def _quick(adapters: AdaptersMap) -> AdaptersMap:
    quicker = AdaptersMap(adapters)
    quicker.register_loader("timestamptz", MomentLoader)
    return quicker

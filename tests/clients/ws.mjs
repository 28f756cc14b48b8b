// graphql-ws: queries and subscriptions over one socket.

import { createClient } from "graphql-ws";
import WebSocket from "ws";

import { expectData, watched, within } from "./watching.mjs";

export function client(script) {
  return createClient({
    url: script.wsUrl,
    webSocketImpl: WebSocket,
    connectionParams: script.headers,
    retryAttempts: 0,
  });
}

export function* checks(script) {
  yield ["graphql-ws query", async () => {
    const ws = client(script);
    const iterator = ws.iterate(script.query);
    expectData((await within(iterator.next(), "an answer")).value);
    if (!(await within(iterator.next(), "complete")).done) throw new Error("not complete");
    await ws.dispose();
  }];
  yield ["graphql-ws subscription", async () => {
    const ws = client(script);
    await watched(script, ({ next, fail }) =>
      ws.subscribe(script.subscription, {
        next: (value) => (value.errors ? fail(value.errors) : next(value.data)),
        error: fail,
        complete: () => {},
      }),
    );
    await ws.dispose();
  }];
  yield ["graphql-ws bad document spares the others", async () => {
    const ws = client(script);
    const bad = { query: "subscription { thereIsNoSuchField }" };
    await watched(script, ({ next, fail }) => {
      const stop = ws.subscribe(script.subscription, {
        next: (value) => next(value.data), error: fail, complete: () => {},
      });
      ws.subscribe(bad, {
        next: () => fail(new Error("the bad document was answered")),
        error: (errors) => Array.isArray(errors) || fail(errors),
        complete: () => {},
      });
      return stop;
    });
    await ws.dispose();
  }];
}

// urql: queries over HTTP; subscriptions over fetch (SSE) and over WebSocket.

import { Client, fetchExchange, subscriptionExchange } from "@urql/core";

import { client as socket } from "./ws.mjs";
import { expectData, watched, within } from "./watching.mjs";

function client(script, exchanges, options) {
  return new Client({
    url: script.url,
    fetchOptions: { headers: script.headers },
    preferGetMethod: false,
    exchanges,
    ...options,
  });
}

function watching(script, urql) {
  const { query, variables } = script.subscription;
  return watched(script, ({ next, fail }) => {
    const shown = urql.subscription(query, variables ?? {});
    const { unsubscribe } = shown.subscribe((value) =>
      value.error ? fail(value.error) : next(value.data),
    );
    return unsubscribe;
  });
}

export function* checks(script) {
  yield ["urql query", async () => {
    const { query, variables } = script.query;
    const asked = client(script, [fetchExchange]).query(query, variables ?? {}).toPromise();
    expectData(await within(asked, "an answer"));
  }];
  yield ["urql subscription by fetch", async () => {
    await watching(script, client(script, [fetchExchange], { fetchSubscriptions: true }));
  }];
  yield ["urql subscription by WebSocket", async () => {
    const ws = socket(script);
    const forwardSubscription = (request) => ({
      subscribe: (sink) => ({ unsubscribe: ws.subscribe({ ...request }, sink) }),
    });
    await watching(script, client(script, [subscriptionExchange({ forwardSubscription })]));
    await ws.dispose();
  }];
}

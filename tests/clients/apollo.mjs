// Apollo Client: queries over HTTP, subscriptions over WebSocket.

import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";

import { client as socket } from "./ws.mjs";
import { expectData, watched, within } from "./watching.mjs";

function client(script, ws) {
  const link = ApolloLink.split(
    ({ operationType }) => operationType === "subscription",
    new GraphQLWsLink(ws),
    new HttpLink({ uri: script.url, headers: script.headers, fetch }),
  );
  return new ApolloClient({ link, cache: new InMemoryCache() });
}

export function* checks(script) {
  yield ["apollo query", async () => {
    const ws = socket(script);
    const { query, variables } = script.query;
    const asked = client(script, ws).query({ query: gql(query), variables });
    expectData(await within(asked, "an answer"));
    await ws.dispose();
  }];
  yield ["apollo subscription", async () => {
    const ws = socket(script);
    const { query, variables } = script.subscription;
    await watched(script, ({ next, fail }) => {
      const shown = client(script, ws).subscribe({ query: gql(query), variables });
      const subscription = shown.subscribe({
        next: (value) => (value.error ? fail(value.error) : next(value.data)),
        error: fail,
      });
      return () => subscription.unsubscribe();
    });
    await ws.dispose();
  }];
}

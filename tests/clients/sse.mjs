// graphql-sse in distinct connections mode.

import { createClient } from "graphql-sse";

import { expectData, watched, within } from "./watching.mjs";

export function* checks(script) {
  const client = () =>
    createClient({ url: script.url, headers: script.headers, retryAttempts: 0 });
  yield ["graphql-sse query", async () => {
    const sse = client();
    const iterator = sse.iterate(script.query);
    expectData((await within(iterator.next(), "an answer")).value);
    if (!(await within(iterator.next(), "complete")).done) throw new Error("not complete");
    sse.dispose();
  }];
  yield ["graphql-sse subscription", async () => {
    const sse = client();
    await watched(script, ({ next, fail }) =>
      sse.subscribe(script.subscription, {
        next: (value) => (value.errors ? fail(value.errors) : next(value.data)),
        error: fail,
        complete: () => {},
      }),
    );
    sse.dispose();
  }];
}

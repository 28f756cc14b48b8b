// The GraphQL-over-HTTP audit of graphql-http: errors and warnings fail, notices are told.

import { auditServer } from "graphql-http";

export function* checks(script) {
  yield ["graphql-http audit", async () => {
    const fetchFn = (url, options = {}) =>
      fetch(url, { ...options, headers: { ...script.headers, ...options.headers } });
    const results = await auditServer({ url: script.url, fetchFn });
    const told = (status) =>
      results
        .filter((result) => result.status === status)
        .map((result) => `${result.id} ${result.name}: ${result.reason}`);
    const wrong = [...told("error"), ...told("warn")];
    if (wrong.length) throw new Error(wrong.join("\n"));
    return { ok: told("ok").length, notices: told("notice") };
  }];
}

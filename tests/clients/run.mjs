// Drives every third-party client against one address, as an app would use it.
//
//   node run.mjs '{"url": "http://…/graphql", "headers": {…},
//                  "query": {"query": "…", "variables": {…}},
//                  "mutation": {"query": "…", "variables": {…}},
//                  "subscription": {"query": "…", "variables": {…}}}'
//
// Prints one JSON object a line: {"check", "ok", "detail"}. The mutation must change what the
// subscription shows, every time; FRESH-UUID in it becomes a new UUID. Ends with status 1 when a
// check failed.

import * as apollo from "./apollo.mjs";
import * as audit from "./audit.mjs";
import * as sse from "./sse.mjs";
import * as urql from "./urql.mjs";
import * as ws from "./ws.mjs";

const script = JSON.parse(process.argv[2]);
script.wsUrl ??= script.url.replace(/^http/, "ws");
script.headers ??= {};
let failed = false;

async function report(check, work) {
  let outcome;
  try {
    outcome = { check, ok: true, detail: (await work()) ?? null };
  } catch (error) {
    failed = true;
    outcome = { check, ok: false, detail: String(error?.stack ?? JSON.stringify(error)) };
  }
  console.log(JSON.stringify(outcome));
}

for (const client of [ws, sse, apollo, urql, audit]) {
  for (const [name, check] of client.checks(script)) await report(name, check);
}
process.exit(failed ? 1 : 0);

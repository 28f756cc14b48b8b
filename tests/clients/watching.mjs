// What every live check does: see the view, change it, see it changed.

const PATIENCE = 10_000; // ms

export function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing within ${PATIENCE} ms`)), PATIENCE);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export async function mutate(script) {
  const response = await fetch(script.url, {
    method: "POST",
    headers: { "content-type": "application/json", ...script.headers },
    body: JSON.stringify(script.mutation).replaceAll("FRESH-UUID", () => crypto.randomUUID()),
  });
  const answer = await response.json();
  if (answer.errors) throw new Error(`mutation: ${JSON.stringify(answer.errors)}`);
  for (const payload of Object.values(answer.data)) {
    if (payload?.userErrors?.length) throw new Error(JSON.stringify(payload.userErrors));
  }
}

// `subscribe({next, fail})` starts watching and returns how to stop.
export async function watched(script, subscribe) {
  const seen = [];
  let stop = () => {};
  const changed = new Promise((resolve, reject) => {
    stop = subscribe({
      next(data) {
        const shown = JSON.stringify(data);
        if (data === null || data === undefined) reject(new Error(`no data: ${shown}`));
        if (seen.at(-1) === shown) return;
        seen.push(shown);
        if (seen.length === 1) mutate(script).catch(reject);
        if (seen.length === 2) resolve();
      },
      fail: (error) =>
        reject(error instanceof Error ? error : new Error(JSON.stringify(error, null, 1))),
    });
  });
  try {
    await within(changed, "a changed view");
  } finally {
    await stop();
  }
  return seen.length;
}

export function expectData(answer) {
  const errors = answer.errors ?? answer.error;
  if (errors && (!Array.isArray(errors) || errors.length)) {
    throw new Error(JSON.stringify(errors) + String(errors));
  }
  if (!answer.data) throw new Error(`no data: ${JSON.stringify(answer)}`);
}

// Holds an AsyncAPI document against the official JSON schema of its version.
// Prints one line of JSON a fault; the exit code says whether there was any.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import Ajv from "ajv";
import addFormats from "ajv-formats";

const document = JSON.parse(readFileSync(process.argv[2], "utf8"));
const schema = createRequire(import.meta.url)(`@asyncapi/specs/schemas/${document.asyncapi}.json`);
// The schema brings the one it is written in.
const ajv = new Ajv({ meta: false, validateSchema: false, strict: false, allErrors: false });
addFormats(ajv);
const isValid = ajv.validate(schema, document);
for (const fault of ajv.errors ?? []) {
  console.log(JSON.stringify({ at: fault.instancePath, fault: fault.message, ...fault.params }));
}
process.exitCode = isValid ? 0 : 1;

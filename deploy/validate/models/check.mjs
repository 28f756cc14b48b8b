// Faults of custom resources by the validators that npm packages carry: not strict, without CEL.
// In: JSON objects on stdin. Out: [{place, text}] on stdout. A kind no package has is a fault.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const PACKAGES = {
  "postgresql.cnpg.io": "cloudnative-pg",
  "keda.sh": "keda",
  "external-secrets.io": "external-secrets",
  "gateway.networking.k8s.io": "gateway-api",
  "monitoring.coreos.com": "prometheus-operator",
};
const require = createRequire(import.meta.url);
const faults = [];
for (const each of JSON.parse(readFileSync(0, "utf8"))) {
  const place = `${each.kind} ${each.metadata.name}`;
  const [group] = each.apiVersion.split("/");
  try {
    const path = require.resolve(`@kubernetes-models/${PACKAGES[group]}/${each.apiVersion}/${each.kind}.js`);
    const { [each.kind]: Model } = await import(pathToFileURL(path).href);
    new Model(each).validate();
  } catch (error) {
    faults.push({ place, text: error.message });
  }
}
process.stdout.write(JSON.stringify(faults));

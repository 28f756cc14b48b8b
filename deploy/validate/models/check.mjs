// Faults of custom resources by the validators that npm packages carry: not strict, without CEL.
// In: JSON objects on stdin. Out: [{place, text}] on stdout. A kind no package has is a fault.
import { readFileSync } from "node:fs";

const PACKAGES = {
  "postgresql.cnpg.io": "cloudnative-pg",
  "keda.sh": "keda",
  "external-secrets.io": "external-secrets",
  "gateway.networking.k8s.io": "gateway-api",
  "monitoring.coreos.com": "prometheus-operator",
};
const faults = [];
for (const each of JSON.parse(readFileSync(0, "utf8"))) {
  const place = `${each.kind} ${each.metadata.name}`;
  const [group] = each.apiVersion.split("/");
  try {
    const path = `@kubernetes-models/${PACKAGES[group]}/${each.apiVersion}/${each.kind}`;
    const { [each.kind]: Model } = await import(path);
    new Model(each).validate();
  } catch (error) {
    faults.push({ place, text: error.message });
  }
}
process.stdout.write(JSON.stringify(faults));

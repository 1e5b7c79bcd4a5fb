// Reads [{where, module, custom, object}] on standard input, writes the findings of each object's own validate(). Runs
// from the folder of the npm packages, so that they resolve: node --input-type=module --eval "$(cat crds.mjs)".
import { readFileSync } from 'node:fs';

const findings = [];
for (const { where, module, custom, object } of JSON.parse(readFileSync(0, 'utf8'))) {
  const name = `${where}: ${object.kind} ${object.metadata?.name}`;
  let Model;
  try {
    Model = (await import(module))[object.kind];
  } catch { /* said below */ }
  if (!Model) {
    // The schemas judge knows whether a core kind exists; of a custom kind we are the only judge.
    if (custom) findings.push(`${name}: no such apiVersion and kind in ${module}`);
    continue;
  }
  try {
    new Model(object).validate();
  } catch (error) {
    findings.push(`${name}: ${error.message}`);
  }
}
console.log(JSON.stringify(findings));

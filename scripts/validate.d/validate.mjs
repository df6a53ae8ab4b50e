// What only tools from npm can judge: custom resources against their operators' types, Grafana's dashboard against
// Grafana's, the AsyncAPI document by AsyncAPI's own parser. scripts/validate runs a copy of it beside node_modules.
//
//   node validate.mjs resources FILE.yaml…   built manifests; what is Kubernetes' own is left to kubernetes-validate
//   node validate.mjs dashboard FILE.json…
//   node validate.mjs asyncapi FILE.yaml…
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { parseAllDocuments } from "yaml";

const here = dirname(fileURLToPath(import.meta.url));
const [what, ...files] = process.argv.slice(2);
let failures = 0;

function fail(file, message) {
  failures += 1;
  console.error(`${file}: ${message}`);
}

// JSON has no enums: where a type has one, its text will do.
const loose = `type Loose<T> = T extends string ? \`\${T}\` : T extends (infer U)[] ? Loose<U>[]
  : T extends object ? { [K in keyof T]: Loose<T[K]> } : T;\n`;

// TypeScript refuses a literal with a property that its type doesn't have, at any depth, which JSON schemas made from
// CRDs don't: a mistyped key is the mistake that an API server drops in silence.
function typecheck(literals) {
  const sources = new Map(
    literals.map(({ module, type, value }, number) => [
      join(here, `literal-${number}.ts`),
      `import type { ${type} } from "${module}";\n${loose}export const value: Loose<${type}> = ${JSON.stringify(value, null, 1)};\n`,
    ]),
  );
  const options = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    target: ts.ScriptTarget.ES2022,
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, getSourceFile } = host;
  host.fileExists = (name) => sources.has(name) || fileExists(name);
  host.getSourceFile = (name, ...rest) =>
    sources.has(name) ? ts.createSourceFile(name, sources.get(name), rest[0]) : getSourceFile(name, ...rest);
  const program = ts.createProgram([...sources.keys()], options, host);
  for (const diagnostic of ts.getPreEmitDiagnostics(program)) {
    const number = diagnostic.file?.fileName.match(/literal-(\d+)\.ts$/)?.[1];
    const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n");
    const line = diagnostic.file?.text.slice(diagnostic.start).split("\n", 1)[0].trim() ?? "";
    fail(literals[number]?.file ?? "typescript", `${text}\n    at ${line}`);
  }
}

// One operator's resources, by the package that has their types.
const packages = { "keda.sh": "@kubernetes-models/keda", "monitoring.coreos.com": "@kubernetes-models/prometheus-operator" };

async function resources() {
  const literals = [];
  for (const file of files) {
    for (const document of parseAllDocuments(readFileSync(file, "utf8"))) {
      if (document.errors.length > 0) fail(file, document.errors[0].message);
      const value = document.toJS();
      const [group, version] = (value?.apiVersion ?? "").split("/");
      if (!(group in packages)) continue;
      const module = `${packages[group]}/${group}/${version}/${value.kind}`;
      const { [value.kind]: Model } = await import(module);
      try {
        new Model(value).validate();
      } catch (error) {
        fail(file, `${value.kind} ${value.metadata?.name}: ${error.message}`);
      }
      literals.push({ file, module, type: `I${value.kind}`, value });
    }
  }
  typecheck(literals);
  return `${literals.length} custom resources`;
}

function dashboards() {
  const module = "@grafana/schema/dist/types/raw/dashboard/x/dashboard_types.gen.d.ts";
  typecheck(files.map((file) => ({ file, module, type: "Dashboard", value: JSON.parse(readFileSync(file, "utf8")) })));
  return `${files.length} dashboards`;
}

async function asyncapi() {
  const { default: parser } = await import("@asyncapi/parser");
  const { Parser, fromFile } = parser;
  for (const file of files) {
    const { document, diagnostics } = await fromFile(new Parser(), file).parse();
    for (const { severity, code, path, message } of diagnostics) {
      // 0 and 1: errors and warnings. The rest is taste.
      if (severity <= 1) fail(file, `${code} at ${path.join(".")}: ${message}`);
    }
    if (!document) fail(file, "not an AsyncAPI document");
  }
  return `${files.length} AsyncAPI documents`;
}

const done = await { resources, dashboard: dashboards, asyncapi }[what]();
if (failures > 0) process.exit(1);
console.error(`    ${done}: sound`);

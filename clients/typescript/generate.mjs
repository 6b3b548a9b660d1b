#!/usr/bin/env node
// Writes src/gen: the contract's messages, from proto/ by protoc and protoc-gen-es, and the reasons
// with their words, from reasons.jsonl. Nothing of it is committed.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const gen = join(here, 'src/gen');
const protos = join(here, '../../proto');
const contract = ['reason', 'intake'].map((name) => `jembatan/intake/v1/${name}.proto`);

rmSync(gen, { recursive: true, force: true });
mkdirSync(gen, { recursive: true });
execFileSync('protoc', [
  `--plugin=protoc-gen-es=${join(here, 'node_modules/.bin/protoc-gen-es')}`,
  `--es_out=${gen}`,
  '--es_opt=target=ts,import_extension=js',
  `-I${protos}`,
  ...contract,
]);

const lines = readFileSync(join(here, 'reasons.jsonl'), 'utf8').trim().split('\n');
const rows = lines.map((line) => {
  const row = JSON.parse(line);
  return JSON.stringify({ ...row, retryable: row.retryable === 1 });
});
writeFileSync(
  join(gen, 'reasons.ts'),
  `// Written by generate.mjs from reasons.jsonl.

export const kReasons = [
${rows.map((row) => `  ${row},`).join('\n')}
] as const;

/** Why, by its name in the contract without REASON_. */
export type Reason = (typeof kReasons)[number]['name'];
`,
);

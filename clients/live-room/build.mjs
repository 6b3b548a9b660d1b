// Bundles the page into dist/: one script, one style sheet, nothing from elsewhere. With --tests
// also the tests, for node --test.

import { readdirSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
process.chdir(here);
await mkdir('dist/page', { recursive: true });
const common = {
  absWorkingDir: here,
  bundle: true,
  format: 'esm',
  logLevel: 'warning',
  charset: 'utf8',
};
await build({
  ...common,
  entryPoints: ['src/main.ts', 'src/style.css'],
  outdir: 'dist/page',
  target: 'es2022',
  minify: true,
});
for (const file of ['index.html', 'icon.svg']) await copyFile(file, `dist/page/${file}`);
if (process.argv.includes('--tests')) {
  const tests = readdirSync('src').filter((name) => name.endsWith('_test.ts'));
  await build({
    ...common,
    entryPoints: tests.map((name) => `src/${name}`),
    outdir: 'dist/tests',
    platform: 'node',
  });
}

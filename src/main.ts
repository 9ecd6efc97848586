import { enableCompileCache } from 'node:module';

// Before anything else is loaded: a start takes two thirds of the time.
enableCompileCache();

const { runCommandLine } = await import('./cli/run.ts');

process.exitCode = await runCommandLine(process.argv.slice(2));

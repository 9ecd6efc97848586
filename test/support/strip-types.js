import { stripTypeScriptTypes } from 'node:module';

/** The jest transform: the same type stripping that Node does for `src`, so tests run what production runs. */
export default {
  process: (source) => ({ code: stripTypeScriptTypes(source) }),
};

import { recordsBackends } from '../../src/storage/backends.ts';
import { recordsContract } from './records.contract.ts';
import { describeStore, recordsStore } from './stores.ts';

for (const backend of recordsBackends) {
  describeStore(backend.kind, () => recordsContract(backend.kind, recordsStore(backend)));
}

import { recordsBackends } from '../../src/storage/backends.ts';
import { recordsContract } from './records.contract.ts';
import { recordsStore } from './stores.ts';

for (const backend of recordsBackends) recordsContract(backend.kind, recordsStore(backend));

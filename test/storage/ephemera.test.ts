import { ephemeraBackends } from '../../src/storage/backends.ts';
import { ephemeraContract } from './ephemera.contract.ts';
import { describeStore, ephemeraStore } from './stores.ts';

for (const backend of ephemeraBackends) {
  describeStore(backend.kind, () => ephemeraContract(backend.kind, ephemeraStore(backend)));
}

import { ephemeraBackends } from '../../src/storage/backends.ts';
import { ephemeraContract } from './ephemera.contract.ts';
import { ephemeraStore } from './stores.ts';

for (const backend of ephemeraBackends) ephemeraContract(backend.kind, ephemeraStore(backend));

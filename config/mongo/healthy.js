// Run by the health check, in mongosh: well is a member that takes writes. The first time, there is no set yet.
/* global db, quit, rs */
const { readFileSync } = require('node:fs');

db.getSiblingDB('admin').auth('root', readFileSync('/run/secrets/mongo-root-password', 'utf8').trim());

try {
  rs.status();
} catch (error) {
  if (error.codeName !== 'NotYetInitialized') throw error;

  rs.initiate({ _id: 'gatehouse', members: [{ _id: 0, host: 'mongo:27017' }] });
}

quit(db.hello().isWritablePrimary ? 0 : 1);

// Run once by the mongo image, when its volume is empty: Gatehouse's own user, which may do nothing elsewhere.
/* global db */
const { readFileSync } = require('node:fs');

db.getSiblingDB('gatehouse').createUser({
  user: 'gatehouse',
  pwd: readFileSync('/run/secrets/mongo-password', 'utf8').trim(),
  roles: [{ role: 'readWrite', db: 'gatehouse' }],
});

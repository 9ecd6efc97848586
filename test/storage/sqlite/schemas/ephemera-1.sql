CREATE TABLE entries ( kind TEXT NOT NULL, id TEXT NOT NULL, value TEXT NOT NULL, keys TEXT, expires_at REAL NOT NULL, PRIMARY KEY (kind, id) ) STRICT;
CREATE INDEX entries_expires ON entries (expires_at);
CREATE TABLE meta (version INTEGER NOT NULL) STRICT;
CREATE TABLE names ( kind TEXT NOT NULL, name TEXT NOT NULL, id TEXT NOT NULL, expires_at REAL NOT NULL, PRIMARY KEY (kind, name) ) STRICT;
CREATE INDEX names_expires ON names (expires_at);
INSERT INTO meta VALUES (1);

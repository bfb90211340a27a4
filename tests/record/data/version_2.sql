-- A record as schema version 2 left it. Released schemas do not change: never edit, add the next file.
CREATE TABLE settings (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
CREATE TABLE runs (
        id TEXT PRIMARY KEY, pid INTEGER NOT NULL, process TEXT NOT NULL, started INTEGER NOT NULL, ended INTEGER
    );
CREATE TABLE decisions (
        id TEXT PRIMARY KEY, run TEXT NOT NULL, at INTEGER NOT NULL, request TEXT NOT NULL,
        session TEXT NOT NULL, key TEXT NOT NULL, user TEXT, mode TEXT, pin TEXT, pattern TEXT NOT NULL,
        model TEXT, stream INTEGER NOT NULL, degraded INTEGER NOT NULL, reason TEXT NOT NULL
    ) WITHOUT ROWID;
CREATE INDEX decisions_at ON decisions (at);
CREATE INDEX decisions_user ON decisions (user) WHERE user IS NOT NULL;
CREATE TABLE details (decision TEXT PRIMARY KEY, body BLOB NOT NULL, features BLOB, prompt TEXT);
CREATE TABLE outcomes (
        decision TEXT PRIMARY KEY, at INTEGER NOT NULL, request TEXT NOT NULL, status TEXT NOT NULL, model TEXT,
        cost_usd REAL, total_s REAL, notices TEXT, baseline_usd REAL
    ) WITHOUT ROWID;
CREATE INDEX outcomes_at ON outcomes (at);
CREATE TABLE attempts (
        decision TEXT NOT NULL, n INTEGER NOT NULL, at INTEGER NOT NULL, model TEXT NOT NULL,
        upstream_model TEXT NOT NULL, status TEXT NOT NULL, first_content_s REAL, total_s REAL,
        reported_model TEXT, input_tokens INTEGER, output_tokens INTEGER, cached_input_tokens INTEGER,
        reasoning_tokens INTEGER, cost_usd REAL, http_status INTEGER, error_code TEXT, error_text TEXT,
        PRIMARY KEY (decision, n)
    ) WITHOUT ROWID;
INSERT INTO settings VALUES ('salt', 'abababababababababababababababababababababababababababababababab');
INSERT INTO decisions VALUES ('DECISION-ID', 'r0', 1777636801123456, 'req-1', 's-1', 'team', NULL, 'balanced', NULL, 'single', 'small', 1, 0, 'small is good enough at a third of the price');
INSERT INTO details VALUES ('DECISION-ID', X'01783f70f11891cd96cb6e84300c457f05cd9a89f2c0797c4e514755540a55c32cf9f7b976db4c099baab369841022566cccb937d937b6bca182135a1e8d7503f910133ff03f70cde84f43fcd269dfb9aebce6096938521f63e5ad36838d14eef720d1a61d3d522a24e759bf1fa137aaa9c3216c1fe43da2d053e6132e0227161b11ac2af182cc985fb862efd3102339af894c0a96131fb2fca3cf25eba24ef52e6d64f20ae4ec94edd60c20e0731f705848c976ef4b9e31070ffbc6f5a0a035cf6cf17573e046dd374f32585598112f5e96cf4df4a0b9729dcb65c53a02d27e0bb7da86b336b8d45ff5a815f87e408eba52fd34a2c81fd21caf79420bce866b178dbae02881574aad5ab1c82f042b6c3dacd9f6780632eb016b999e59d6ad75c044ca65dbb61b54ed1484', NULL, NULL);
INSERT INTO outcomes VALUES ('DECISION-ID', 1777636802123456, 'req-1', 'ok', 'small', 0.000123, 1.75, '[["sunset","small serves until 2027-01-01."]]', NULL);
INSERT INTO attempts VALUES ('DECISION-ID', 0, 1777636800123456, 'small', 'small-upstream', 'ok', 0.25, 1.5, 'small-upstream', 10, 20, 4, 0, 0.000123, 200, NULL, NULL);
CREATE TABLE scores (
        fingerprint TEXT NOT NULL, item TEXT NOT NULL, model TEXT NOT NULL, kind TEXT NOT NULL,
        prompt TEXT NOT NULL, score REAL NOT NULL, weight REAL NOT NULL, output_tokens INTEGER, seconds REAL,
        at INTEGER NOT NULL, PRIMARY KEY (fingerprint, item)
    );
INSERT INTO settings VALUES ('scores_generation', 0);
INSERT INTO scores VALUES ('f-small', 'q-1', 'small', 'arithmetic', 'What is 2 + 2?', 1.0, 1.0, 3, 0.4, 1777636802123456);
